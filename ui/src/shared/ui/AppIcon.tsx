import clsx from "clsx";
import { NamedIcon } from "@/surface/icons";

/** Words of a title that have a picture. */
const PICTURES: [RegExp, string][] = [
  [/calculat/i, "calculator"],
  [/to-?do|task|check ?list/i, "todo"],
  [/note|journal|diary/i, "note"],
  [/stopwatch|timer|pomodoro/i, "timer"],
  [/clock|time/i, "clock"],
  [/convert|unit|measure/i, "ruler"],
  [/expense|budget|money|spend|wallet/i, "wallet"],
  [/book|read|librar/i, "book-open"],
  [/count|tally/i, "hash"],
  [/weather|temperature/i, "thermometer"],
  [/recipe|meal|food|cook/i, "utensils"],
  [/habit|goal/i, "target"],
  [/workout|fitness|exercise/i, "dumbbell"],
  [/contact|people|customer/i, "users"],
  [/shop|grocer/i, "cart"],
  [/movie|film|video/i, "video"],
  [/music|song|album/i, "music"],
  [/plant|garden/i, "leaf"],
  [/dashboard|chart|stat/i, "chart"],
  [/invent|stock|package/i, "package"],
  [/event|calendar|birthday/i, "calendar"],
];

const HUES = [262, 200, 165, 28, 350, 305, 230, 140];

interface AppIconProps {
  title: string;
  icon?: string | null;
  size?: "small" | "medium" | "large";
}

const BOX = { small: "size-6 rounded-md", medium: "size-10 rounded-xl", large: "size-14 rounded-2xl" };
const PICTURE_PX = { small: 14, medium: 21, large: 30 };

/** The picture a title suggests, if any. */
export function suggestedPicture(title: string): string | undefined {
  return PICTURES.find(([words]) => words.test(title))?.[1];
}

/** The face of an app: its own icon, a picture its title suggests, or its first letter. */
export function AppIcon({ title, icon, size = "medium" }: AppIconProps) {
  const picture = icon || suggestedPicture(title);
  const hue =
    HUES[[...(picture ?? title)].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % HUES.length];
  return (
    <span
      aria-hidden="true"
      className={clsx("grid flex-none place-items-center font-semibold text-white", BOX[size])}
      style={{
        background: `linear-gradient(160deg, oklch(0.66 0.15 ${hue}), oklch(0.5 0.16 ${hue}))`,
        boxShadow: "inset 0 1px 0 rgb(255 255 255 / 0.28), inset 0 0 0 1px rgb(0 0 0 / 0.06)",
        fontSize: PICTURE_PX[size] * 0.85,
      }}
    >
      {picture ? (
        <NamedIcon name={picture} size={PICTURE_PX[size]} />
      ) : (
        (title.trim()[0] ?? "A").toUpperCase()
      )}
    </span>
  );
}
