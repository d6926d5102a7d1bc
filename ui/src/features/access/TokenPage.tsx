import { KeyRound } from "lucide-react";
import { type FormEvent, useEffect, useId, useState } from "react";
import { keepToken, token } from "@/shared/api/token";
import { PushButton } from "@/shared/ui/PushButton";

/** What a person sees whom the server did not let in: how to come in. */
export function TokenPage() {
  const field = useId();
  const problem = useId();
  const [text, setText] = useState("");
  const [isNoToken, setIsNoToken] = useState(false);
  useEffect(() => {
    document.title = "Token needed · AgentOS";
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (keepToken(text)) location.reload();
    else setIsNoToken(true);
  };
  return (
    <main className="wallpaper grid h-dvh place-items-center overflow-y-auto p-6">
      <form
        className="w-full max-w-md rounded-2xl border border-line bg-surface p-8 shadow-float"
        onSubmit={submit}
      >
        <h1 className="flex items-center gap-2.5 font-semibold text-xl">
          <KeyRound size={20} className="flex-none text-accent-ink" aria-hidden="true" />
          This desktop asks for its token
        </h1>
        {token() !== null && (
          <p role="alert" className="mt-3 rounded-xl bg-danger-soft px-3.5 py-2.5 text-danger-ink text-sm">
            The server has another token than this page.
          </p>
        )}
        <p className="mt-3 text-ink-2">
          Open the link that AgentOS printed when it started; it ends in <code>#token=…</code>. Or paste it
          here.
        </p>
        <label htmlFor={field} className="mt-5 block font-medium text-sm">
          Link or token
        </label>
        <input
          id={field}
          type="password"
          autoComplete="off"
          // biome-ignore lint/a11y/noAutofocus: nothing else can be done on this page
          autoFocus
          required
          aria-invalid={isNoToken}
          aria-describedby={isNoToken ? problem : undefined}
          className="mt-1.5 h-10 w-full rounded-[0.625rem] border border-line-strong bg-surface px-3"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setIsNoToken(false);
          }}
        />
        {isNoToken && (
          <p id={problem} role="alert" className="mt-1.5 text-danger-ink text-sm">
            This is no token and no link with one. A token has at least 32 characters.
          </p>
        )}
        <PushButton type="submit" tone="primary" className="mt-5">
          Open the desktop
        </PushButton>
      </form>
    </main>
  );
}
