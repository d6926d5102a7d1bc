// Generated from the catalog in agentos-core by `make types`; do not edit.

/** The kinds of components, the properties a resolved node of each kind carries, and the tools. */

export type Scalar = string | number | boolean | null;
export type Row = Record<string, unknown>;
export type StyleMap = Record<string, string | number>;
export type Size = "small" | "medium" | "large";
export type Spacing = "none" | "small" | "medium" | "large";
export type Tone = "default" | "primary" | "secondary" | "success" | "error" | "warning";
export type TextColor = "primary" | "secondary" | "accent" | "muted" | "error" | "success" | "warning";
export type FieldVariant = "default" | "filled" | "outline" | "underline";
export type Alignment = "start" | "center" | "end" | "stretch";
export type Option = Scalar | { value: Scalar; label?: string };
export type Column = string | { key: string; label?: string; align?: "left" | "center" | "right"; format?: "text" | "number" | "currency" | "percent" | "date" };

export interface NodeProps {
  button: {
    /** What it says */
    text?: Scalar;
    /** Accessible name, where the text is none (✕) */
    label?: string;
    /** How much it stands out */
    variant?: "default" | "primary" | "secondary" | "danger" | "ghost" | "outline";
    /** How large it is */
    size?: Size;
    /** Name of an icon */
    icon?: string;
    /** Takes no input */
    disabled?: boolean;
    /** As wide as its container */
    fullWidth?: boolean;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  input: {
    /** What is asked for */
    label?: string;
    /** What kind of text; a number input holds a number, a color one `#rrggbb` */
    type?: "text" | "password" | "email" | "number" | "search" | "tel" | "url" | "time" | "color";
    /** Shown while it is empty */
    placeholder?: string;
    /** What it holds; usually bound */
    value?: Scalar;
    /** Shows its value and takes none */
    readonly?: boolean;
    /** Takes no input */
    disabled?: boolean;
    /** What is wrong with the value */
    error?: string | boolean;
    /** How the frame looks */
    variant?: FieldVariant;
    /** How large it is */
    size?: Size;
    /** Least value of a number or a time */
    min?: number | string;
    /** Greatest value of a number or a time */
    max?: number | string;
    /** Distance between values */
    step?: number | string;
    /** Takes the keyboard when the app opens */
    autofocus?: boolean;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  textarea: {
    /** What is asked for */
    label?: string;
    /** Shown while it is empty */
    placeholder?: string;
    /** What it holds; usually bound */
    value?: Scalar;
    /** Lines shown */
    rows?: number;
    /** Shows its value and takes none */
    readonly?: boolean;
    /** Takes no input */
    disabled?: boolean;
    /** What is wrong with the value */
    error?: string | boolean;
    /** How the frame looks */
    variant?: FieldVariant;
    /** How large it is */
    size?: Size;
    /** How it can be resized */
    resize?: "none" | "vertical" | "horizontal" | "both";
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  text: {
    /** What it says */
    content?: Scalar;
    /** Its rank */
    variant?: "h1" | "h2" | "h3" | "body" | "caption" | "label" | "code";
    /** How heavy it is */
    weight?: "normal" | "medium" | "semibold" | "bold";
    /** Its colour by meaning */
    color?: TextColor;
    /** Where it stands */
    align?: "left" | "center" | "right";
    /** How it is read */
    format?: "plain" | "markdown";
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  container: {
    /** The direction */
    layout?: "vertical" | "horizontal";
    /** Space between the children in pixels; wins over spacing */
    gap?: number;
    /** Space between the children, in steps */
    spacing?: Spacing;
    /** Space inside the edge */
    padding?: Spacing;
    /** Where the children stand across */
    align?: Alignment;
    /** Where the children stand along */
    justify?: "start" | "center" | "end" | "between" | "around";
    /** Lets the children of a horizontal one go on in the next line */
    wrap?: boolean;
    /** Pixels after which it scrolls */
    maxHeight?: number;
    /** Accepted and without effect: what is drawn is measured */
    itemHeight?: number;
    /** Its name for a screen reader, and as a panel of tabs or accordion */
    label?: string;
    /** Its ARIA role */
    role?: string;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  grid: {
    /** How many columns */
    columns?: number;
    /** Space between the children in pixels; wins over spacing */
    gap?: number;
    /** Space between the children, in steps */
    spacing?: Spacing;
    /** Space inside the edge */
    padding?: Spacing;
    /** Takes fewer columns where there is little room */
    responsive?: boolean;
    /** Where the children stand across */
    align?: Alignment;
    /** Its name */
    label?: string;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  card: {
    /** Its heading */
    title?: Scalar;
    /** A line under the title */
    subtitle?: Scalar;
    /** A line at the end */
    footer?: Scalar;
    /** Space inside the edge */
    padding?: Spacing;
    /** How the frame looks */
    variant?: "default" | "outline" | "filled";
    /** Its name as a panel, or for a screen reader */
    label?: string;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  list: {
    /** How the rows look */
    variant?: "default" | "bordered" | "striped";
    /** Space between the children, in steps */
    spacing?: Spacing;
    /** Shown when there is nothing */
    empty?: string;
    /** Its name */
    label?: string;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  form: {
    /** Its name */
    label?: string;
    /** Space between the children in pixels; wins over spacing */
    gap?: number;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  select: {
    /** What is asked for */
    label?: string;
    /** The chosen value; usually bound */
    value?: Scalar;
    /** What can be chosen */
    options?: Option[];
    /** Shown while it is empty */
    placeholder?: string;
    /** Takes no input */
    disabled?: boolean;
    /** What is wrong with the value */
    error?: string | boolean;
    /** How the frame looks */
    variant?: FieldVariant;
    /** How large it is */
    size?: Size;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  radio: {
    /** What is asked for */
    label?: string;
    /** A name of the group */
    name?: string;
    /** The chosen value; usually bound */
    value?: Scalar;
    /** What can be chosen */
    options?: Option[];
    /** Takes no input */
    disabled?: boolean;
    /** The direction */
    layout?: "vertical" | "horizontal";
    /** How large it is */
    size?: Size;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  checkbox: {
    /** What is so */
    label?: string;
    /** Whether it is on */
    checked?: boolean;
    /** Takes no input */
    disabled?: boolean;
    /** How it looks */
    variant?: "default" | "primary";
    /** How large it is */
    size?: Size;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  switch: {
    /** What is turned on */
    label?: string;
    /** Whether it is on */
    checked?: boolean;
    /** Takes no input */
    disabled?: boolean;
    /** How large it is */
    size?: Size;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  slider: {
    /** What is set */
    label?: string;
    /** The least */
    min?: number;
    /** The greatest */
    max?: number;
    /** Distance between values */
    step?: number;
    /** The number; usually bound */
    value?: number;
    /** Takes no input */
    disabled?: boolean;
    /** Writes the number beside it */
    showValue?: boolean;
    /** How it looks */
    variant?: "default" | "primary";
    /** How large it is */
    size?: Size;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  date: {
    /** What is asked for */
    label?: string;
    /** `YYYY-MM-DD`; usually bound */
    value?: string;
    /** What is picked */
    type?: "date" | "time" | "datetime-local" | "month" | "week";
    /** The earliest */
    min?: string;
    /** The latest */
    max?: string;
    /** Shows its value and takes none */
    readonly?: boolean;
    /** Takes no input */
    disabled?: boolean;
    /** What is wrong with the value */
    error?: string | boolean;
    /** How the frame looks */
    variant?: FieldVariant;
    /** How large it is */
    size?: Size;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  progress: {
    /** What is under way */
    label?: string;
    /** How far */
    value?: number;
    /** Where it ends */
    max?: number;
    /** Its meaning */
    variant?: "default" | "primary" | "success" | "error" | "warning";
    /** How large it is */
    size?: Size;
    /** Writes the share beside it */
    showValue?: boolean;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  badge: {
    /** What it says */
    text?: Scalar;
    /** Its meaning */
    variant?: Tone;
    /** How large it is */
    size?: Size;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  divider: {
    /** Its direction */
    orientation?: "horizontal" | "vertical";
    /** How the line looks */
    variant?: "solid" | "dashed" | "dotted";
    /** Text on the line */
    label?: string;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  image: {
    /** Where it is */
    src?: string;
    /** What it shows, in words */
    alt?: string;
    /** Pixels, or a CSS length */
    width?: number | string;
    /** Pixels, or a CSS length */
    height?: number | string;
    /** How it fills its frame */
    fit?: "cover" | "contain" | "fill" | "none";
    /** How round its corners are */
    rounded?: "none" | "small" | "medium" | "large" | "full";
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  icon: {
    /** Which sign */
    name?: string;
    /** What it means, unless it only adorns */
    label?: string;
    /** How large it is */
    size?: Size | number;
    /** Its colour by meaning */
    color?: TextColor;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  link: {
    /** What it says */
    text?: Scalar;
    /** Where it leads */
    href?: string;
    /** Accessible name, where the text is none */
    label?: string;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  alert: {
    /** What it says */
    text?: Scalar;
    /** Its heading */
    title?: Scalar;
    /** Its weight */
    tone?: "info" | "success" | "warning" | "danger";
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  stat: {
    /** What is counted */
    label?: string;
    /** The figure */
    value?: Scalar;
    /** What stands after the figure */
    unit?: string;
    /** How it changed */
    delta?: Scalar;
    /** The arrow beside the change */
    trend?: "none" | "up" | "down";
    /** Its meaning */
    tone?: "default" | "success" | "warning" | "danger";
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  table: {
    /** Keys, or `{key, label, align, format}` */
    columns?: Column[];
    /** Objects */
    rows?: Row[];
    /** The key that tells rows apart */
    rowKey?: string;
    /** Sorts when a heading is pressed */
    sortable?: boolean;
    /** The column it is sorted by */
    sort?: string | { key: string; order?: "asc" | "desc" };
    /** Shown when there is nothing */
    empty?: string;
    /** Rows on a page */
    pageSize?: number;
    /** Its name */
    label?: string;
    /** How many rows can be chosen */
    selection?: "none" | "one" | "many";
    /** The key of the chosen row, or the list of keys of many; usually bound */
    selected?: Scalar | Scalar[] | null;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  tabs: {
    /** How the tabs look */
    variant?: "default" | "bordered" | "pills";
    /** How large it is */
    size?: Size;
    /** The id of the open panel; usually bound */
    value?: string | null;
    /** The id of the panel open at first */
    defaultTab?: string;
    /** Its name */
    label?: string;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  accordion: {
    /** The id of the open panel, or null; usually bound */
    value?: string | null;
    /** Its name */
    label?: string;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  modal: {
    /** Whether it is shown; usually bound */
    open?: boolean;
    /** Its heading */
    title?: Scalar;
    /** How large it is */
    size?: "small" | "medium" | "large" | "fullscreen";
    /** In the middle of the app */
    centered?: boolean;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  code: {
    /** What it says */
    content?: Scalar;
    /** What it is written in */
    language?: string;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  chart: {
    /** How the figures are drawn */
    kind?: "line" | "bar" | "area" | "pie" | "donut" | "scatter" | "radar";
    /** Objects with the figures */
    rows?: Row[];
    /** The key along the axis, or the marks themselves; the first key of the rows unless given */
    x?: string | Scalar[];
    /** Keys of the rows, or `{name, key | data, color}`; every other key unless given */
    series?: string | { name?: Scalar; key?: string; data?: unknown[]; color?: string } | (string | { name?: Scalar; key?: string; data?: unknown[]; color?: string })[];
    /** Its name */
    label?: string;
    /** Names the series */
    legend?: boolean;
    /** Draws axes and their marks */
    axes?: boolean;
    /** Puts bars or areas on each other */
    stacked?: boolean;
    /** Pixels */
    height?: number;
    /** Says that the figures are on their way */
    loading?: boolean;
    /** Shown when there is nothing */
    empty?: string;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  video: {
    /** Where it is */
    src?: string;
    /** What `player.next` and `player.previous` step through */
    playlist?: string[];
    /** Shows the buttons of the player */
    controls?: boolean;
    /** Begins by itself, where the browser lets it */
    autoPlay?: boolean;
    /** Begins again at its end */
    loop?: boolean;
    /** Plays without sound */
    muted?: boolean;
    /** Pixels, or a CSS length */
    width?: number | string;
    /** Pixels, or a CSS length */
    height?: number | string;
    /** How it fills its frame */
    fit?: "cover" | "contain" | "fill" | "none";
    /** How round its corners are */
    rounded?: Spacing;
    /** Its name */
    label?: string;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  audio: {
    /** Where it is */
    src?: string;
    /** What `player.next` and `player.previous` step through */
    playlist?: string[];
    /** Shows the buttons of the player */
    controls?: boolean;
    /** Begins by itself, where the browser lets it */
    autoPlay?: boolean;
    /** Begins again at its end */
    loop?: boolean;
    /** How much room it takes */
    variant?: "default" | "minimal";
    /** Its name */
    label?: string;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  canvas: {
    /** Pixels */
    width?: number;
    /** Pixels */
    height?: number;
    /** Draws a frame */
    bordered?: boolean;
    /** The strokes, `{tool, color, size, points}`; usually bound */
    value?: Row[];
    /** Its name */
    label?: string;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  iframe: {
    /** Where it is */
    src?: string;
    /** What the page is */
    title?: Scalar;
    /** Pixels, or a CSS length */
    width?: number | string;
    /** Pixels, or a CSS length */
    height?: number | string;
    /** Draws a frame */
    bordered?: boolean;
    /** How round its corners are */
    rounded?: Spacing;
    /** Accepted and without effect: it is always sandboxed */
    sandbox?: unknown;
    /** Style properties in camelCase */
    style?: StyleMap;
  };
  /** Stands for a component of a type that is not in the catalog. */
  unknown: {
    /** The type the document names. */
    type?: string;
    style?: StyleMap;
  };
}

export type Kind = keyof NodeProps;

/** What each kind can tell, and the payload that goes with it. */
export interface EventPayloads {
  button: {
    click: Record<never, never>;
    dblclick: Record<never, never>;
    focus: Record<never, never>;
    blur: Record<never, never>;
  };
  input: {
    change: { value: Scalar };
    submit: { value: Scalar };
    focus: Record<never, never>;
    blur: Record<never, never>;
    escape: Record<never, never>;
    key: { key: string };
  };
  textarea: {
    change: { value: string };
    submit: { value: Scalar };
    focus: Record<never, never>;
    blur: Record<never, never>;
    escape: Record<never, never>;
  };
  text: {
    click: Record<never, never>;
  };
  container: {
    click: Record<never, never>;
  };
  grid: {
    click: Record<never, never>;
  };
  card: {
    click: Record<never, never>;
  };
  list: Record<never, never>;
  form: {
    submit: Record<never, never>;
  };
  select: {
    change: { value: Scalar };
    focus: Record<never, never>;
    blur: Record<never, never>;
  };
  radio: {
    change: { value: Scalar };
  };
  checkbox: {
    change: { checked: boolean };
  };
  switch: {
    change: { checked: boolean };
  };
  slider: {
    change: { value: number };
  };
  date: {
    change: { value: string };
    focus: Record<never, never>;
    blur: Record<never, never>;
  };
  progress: Record<never, never>;
  badge: {
    click: Record<never, never>;
  };
  divider: Record<never, never>;
  image: {
    click: Record<never, never>;
  };
  icon: {
    click: Record<never, never>;
  };
  link: {
    click: Record<never, never>;
  };
  alert: {
    close: Record<never, never>;
  };
  stat: {
    click: Record<never, never>;
  };
  table: {
    row_click: { row: Row; key: Scalar; index: number };
    change: { value: Scalar | Scalar[]; key: Scalar; keys: Scalar[] };
    select: { key: Scalar; keys: Scalar[] };
  };
  tabs: {
    tabChange: { tabId: string };
    change: { value: string };
  };
  accordion: {
    change: { value: string };
  };
  modal: {
    close: Record<never, never>;
  };
  code: Record<never, never>;
  chart: Record<never, never>;
  video: {
    play: Record<never, never>;
    pause: Record<never, never>;
    ended: Record<never, never>;
  };
  audio: {
    play: Record<never, never>;
    pause: Record<never, never>;
    ended: Record<never, never>;
  };
  canvas: {
    mount: Record<never, never>;
    change: { value: Row[] };
  };
  iframe: Record<never, never>;
  unknown: Record<never, never>;
}

export type ToolId =
  | "calc.add"
  | "calc.subtract"
  | "calc.multiply"
  | "calc.divide"
  | "calc.mod"
  | "calc.power"
  | "calc.sqrt"
  | "calc.abs"
  | "calc.round"
  | "calc.floor"
  | "calc.ceil"
  | "calc.sin"
  | "calc.cos"
  | "calc.tan"
  | "calc.log"
  | "calc.ln"
  | "calc.exp"
  | "calc.percent"
  | "calc.factorial"
  | "calc.format"
  | "calc.is_number"
  | "calc.append_digit"
  | "calc.append_operator"
  | "calc.decimal"
  | "calc.negate"
  | "calc.backspace"
  | "calc.clear"
  | "calc.evaluate"
  | "calc.memory"
  | "ui.set_state"
  | "ui.get_state"
  | "ui.set_multiple"
  | "ui.toggle"
  | "ui.increment"
  | "ui.append"
  | "ui.show"
  | "ui.hide"
  | "ui.enable"
  | "ui.disable"
  | "ui.reset"
  | "ui.refresh"
  | "ui.add_item"
  | "ui.update_item"
  | "ui.remove_item"
  | "ui.move_item"
  | "ui.add_todo"
  | "ui.toggle_todo"
  | "ui.delete_todo"
  | "list.add"
  | "list.remove"
  | "list.toggle"
  | "list.clear"
  | "data.filter"
  | "data.search"
  | "data.sort"
  | "data.group"
  | "data.sum"
  | "data.average"
  | "data.min"
  | "data.max"
  | "data.count"
  | "data.unique"
  | "data.page"
  | "form.validate"
  | "form.submit"
  | "form.reset"
  | "tabs.switch"
  | "modal.open"
  | "modal.close"
  | "timer.set"
  | "timer.interval"
  | "timer.clear"
  | "system.undo"
  | "system.redo"
  | "system.get_history"
  | "system.get_state_snapshot"
  | "system.restore_state"
  | "system.alert"
  | "system.confirm"
  | "system.log"
  | "system.copy"
  | "system.paste"
  | "clipboard.copy"
  | "clipboard.paste"
  | "notification.show"
  | "ui.focus"
  | "player.play"
  | "player.pause"
  | "player.stop"
  | "player.seek"
  | "player.setVolume"
  | "player.next"
  | "player.previous"
  | "canvas.init"
  | "canvas.clear"
  | "canvas.draw"
  | "canvas.setTool"
  | "canvas.setColor"
  | "canvas.setBrushSize"
  | "browser.navigate"
  | "browser.back"
  | "browser.forward"
  | "browser.refresh"
  | "ai.ask"
  | "files.write"
  | "files.append"
  | "files.read"
  | "files.stat"
  | "files.exists"
  | "files.list"
  | "files.mkdir"
  | "files.copy"
  | "files.move"
  | "files.delete"
  | "http.get"
  | "http.head"
  | "http.post"
  | "http.put"
  | "http.patch"
  | "http.delete"
  | "http.socket"
  | "ipc.publish"
  | "ipc.receive"
  | "ipc.send"
  | "storage.get"
  | "storage.set"
  | "storage.remove"
  | "storage.list"
  | "storage.clear"
  | "system.info"
  | "system.time"
  | "app.spawn"
  | "app.list"
  | "app.focus"
  | "app.unfocus"
  | "app.close";
