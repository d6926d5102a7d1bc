/** The address of a picture, sound, film or page, once the app may load from there. */
import { useCallback, useEffect, useState } from "react";
import { useSurface } from "./SurfaceContext";

export interface Source {
  /** What may be loaded now. */
  url: string | undefined;
  /** Where it would be loaded from. */
  host: string;
  state: "none" | "asking" | "allowed" | "refused";
  askAgain(): void;
}

const DATA_IMAGE = /^data:image\//i;
const HTTP = /^https?:\/\//i;

/** @param images whether a picture may stand in the address itself */
export function useSource(wanted: string | undefined, images = false): Source {
  const { host } = useSurface();
  const [answer, setAnswer] = useState<{ site: string; allowed: boolean } | null>(null);
  const [asked, setAsked] = useState(0);
  const isHttp = wanted !== undefined && HTTP.test(wanted) && URL.canParse(wanted);
  const site = isHttp ? new URL(wanted).origin : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another count asks again.
  useEffect(() => {
    if (site === null || !host) return;
    let isCurrent = true;
    void host.access.to(site).then((allowed) => {
      if (isCurrent) setAnswer({ site, allowed });
    });
    return () => {
      isCurrent = false;
    };
  }, [host, site, asked]);
  const askAgain = useCallback(() => {
    if (site === null) return;
    host?.access.forget(site);
    setAnswer(null);
    setAsked((count) => count + 1);
  }, [host, site]);

  const none = { url: undefined, host: "", askAgain };
  if (wanted && images && DATA_IMAGE.test(wanted)) return { ...none, url: wanted, state: "allowed" };
  if (!isHttp) return { ...none, state: "none" };
  const from = { ...none, host: new URL(wanted).host };
  // The answer is for the site: the next track from there goes on in the same player.
  if (answer?.site !== site) return { ...from, state: "asking" };
  return answer.allowed ? { ...from, url: wanted, state: "allowed" } : { ...from, state: "refused" };
}
