import clsx from "clsx";
import { VolumeX } from "lucide-react";
import { useRef } from "react";
import type { NodeOf } from "@/engine/protocol";
import { nameFromId } from "../look";
import { NotLoaded } from "../NotLoaded";
import { useDispatch } from "../SurfaceContext";
import { useMedia } from "../useMedia";
import { useSource } from "../useSource";

export function AudioPlayer({ node }: { node: NodeOf<"audio"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const element = useRef<HTMLAudioElement>(null);
  const source = useSource(useMedia(element, props.src, props.playlist));
  const name = props.label || nameFromId(node.id);
  if (source.url === undefined) {
    return <NotLoaded nodeId={node.id} icon={VolumeX} name={name} source={source} style={props.style} />;
  }
  return (
    // biome-ignore lint/a11y/useMediaCaption: a document has no place for captions.
    <audio
      ref={element}
      data-node-id={node.id}
      aria-label={name}
      src={source.url}
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
