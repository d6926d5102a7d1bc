import clsx from "clsx";
import { useRef } from "react";
import type { NodeOf } from "@/engine/protocol";
import { nameFromId } from "../look";
import { useDispatch } from "../SurfaceContext";
import { useMedia } from "../useMedia";

export function AudioPlayer({ node }: { node: NodeOf<"audio"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const element = useRef<HTMLAudioElement>(null);
  const source = useMedia(element, props.src, props.playlist);
  return (
    // biome-ignore lint/a11y/useMediaCaption: a document has no place for captions.
    <audio
      ref={element}
      data-node-id={node.id}
      aria-label={props.label || nameFromId(node.id)}
      src={source}
      controls={props.controls ?? true}
      autoPlay={props.autoPlay}
      loop={props.loop}
      preload="metadata"
      className={clsx("max-w-full", props.variant === "minimal" ? "h-8 w-56" : "w-full")}
      style={props.style}
      onPlay={() => dispatch("play")}
      onPause={() => dispatch("pause")}
      onEnded={() => dispatch("ended")}
    />
  );
}
