/** What `player.*` does to a video or audio element. */
import { type RefObject, useState } from "react";
import { useCommands } from "./commands";

const HTTP = /^https?:\/\//i;

/** The address that plays now: the first one until `next` or `previous` steps through the playlist. */
export function useMedia(
  element: RefObject<HTMLMediaElement | null>,
  src: string | undefined,
  playlist: string[] | undefined,
): string | undefined {
  const tracks = (playlist?.length ? playlist : [src ?? ""]).filter((track) => HTTP.test(track));
  const first = Math.max(tracks.indexOf(src ?? ""), 0);
  const [step, setStep] = useState(0);
  const index = (((first + step) % tracks.length) + tracks.length) % tracks.length;
  const media = () => {
    if (!element.current) throw new Error("nothing is there to play");
    return element.current;
  };
  const stepBy = (by: number) => {
    if (tracks.length < 2) throw new Error("there is no playlist to step through");
    setStep((now) => now + by);
    requestAnimationFrame(() => element.current?.play().catch(() => undefined));
  };
  useCommands(element, {
    play: () => media().play(),
    pause: () => media().pause(),
    stop: () => {
      media().pause();
      media().currentTime = 0;
    },
    seek: ({ time }) => {
      media().currentTime = Number(time);
    },
    setVolume: ({ volume }) => {
      media().volume = Math.min(Math.max(Number(volume) / 100, 0), 1);
    },
    next: () => stepBy(1),
    previous: () => stepBy(-1),
  });
  return tracks[index];
}
