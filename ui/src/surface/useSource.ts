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
  const [answer, setAnswer] = useState<{ wanted: string; allowed: boolean } | null>(null);
  const [asked, setAsked] = useState(0);
  const isHttp = wanted !== undefined && HTTP.test(wanted) && URL.canParse(wanted);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another count asks again.
  useEffect(() => {
    if (!isHttp || !host) return;
    let isCurrent = true;
    void host.access.to(wanted).then((allowed) => {
      if (isCurrent) setAnswer({ wanted, allowed });
    });
    return () => {
      isCurrent = false;
    };
  }, [host, wanted, isHttp, asked]);
  const askAgain = useCallback(() => {
    if (wanted === undefined) return;
    host?.access.forget(wanted);
    setAnswer(null);
    setAsked((count) => count + 1);
  }, [host, wanted]);

  const none = { url: undefined, host: "", askAgain };
  if (wanted && images && DATA_IMAGE.test(wanted)) return { ...none, url: wanted, state: "allowed" };
  if (!isHttp) return { ...none, state: "none" };
  const from = { ...none, host: new URL(wanted).host };
  if (answer?.wanted !== wanted) return { ...from, state: "asking" };
  return answer.allowed ? { ...from, url: wanted, state: "allowed" } : { ...from, state: "refused" };
}
