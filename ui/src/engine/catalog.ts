/** The kinds of components and the properties a resolved node of each kind carries. */

export type Size = "small" | "medium" | "large";
export type Spacing = "none" | Size;
export type Tone = "default" | "primary" | "secondary" | "success" | "error" | "warning";
export type TextColor = "primary" | "secondary" | "accent" | "muted" | "error" | "success" | "warning";
export type FieldVariant = "default" | "filled" | "outline" | "underline";
export type Alignment = "start" | "center" | "end" | "stretch";
export type Scalar = string | number | boolean | null;
export type Option = Scalar | { value: Scalar; label?: string };
export type Column =
  | string
  | {
      key: string;
      label?: string;
      align?: "left" | "center" | "right";
      format?: "text" | "number" | "currency" | "percent" | "date";
    };
export type Row = Record<string, unknown>;
export type StyleMap = Record<string, string | number>;

interface Common {
  style?: StyleMap;
}

interface Field extends Common {
  label?: string;
  disabled?: boolean;
  size?: Size;
}

export interface NodeProps {
  button: Field & {
    text?: Scalar;
    variant?: "default" | "primary" | "secondary" | "danger" | "ghost" | "outline";
    icon?: string;
    fullWidth?: boolean;
  };
  input: Field & {
    type?: "text" | "password" | "email" | "number" | "search" | "tel" | "url" | "time";
    placeholder?: string;
    value?: Scalar;
    readonly?: boolean;
    error?: string | boolean | null;
    variant?: FieldVariant;
    min?: number | string;
    max?: number | string;
    step?: number | string;
    autofocus?: boolean;
  };
  textarea: Field & {
    placeholder?: string;
    value?: Scalar;
    rows?: number;
    readonly?: boolean;
    error?: string | boolean | null;
    variant?: FieldVariant;
    resize?: "none" | "vertical" | "horizontal" | "both";
  };
  text: Common & {
    content?: Scalar;
    variant?: "h1" | "h2" | "h3" | "body" | "caption" | "label" | "code";
    weight?: "normal" | "medium" | "semibold" | "bold";
    color?: TextColor;
    align?: "left" | "center" | "right";
    format?: "plain" | "markdown";
  };
  container: Common & {
    layout?: "vertical" | "horizontal";
    gap?: number;
    spacing?: Spacing;
    padding?: Spacing;
    align?: Alignment;
    justify?: "start" | "center" | "end" | "between" | "around";
    wrap?: boolean;
    maxHeight?: number;
    label?: string;
    role?: string;
  };
  grid: Common & {
    columns?: number;
    gap?: number;
    spacing?: Spacing;
    padding?: Spacing;
    responsive?: boolean;
    align?: Alignment;
    label?: string;
  };
  card: Common & {
    title?: Scalar;
    subtitle?: Scalar;
    footer?: Scalar;
    padding?: Spacing;
    variant?: "default" | "outline" | "filled";
    label?: string;
  };
  list: Common & {
    variant?: "default" | "bordered" | "striped";
    spacing?: Spacing;
    empty?: string;
    label?: string;
  };
  form: Common & { label?: string; gap?: number };
  select: Field & {
    value?: Scalar;
    options?: Option[];
    placeholder?: string;
    error?: string | boolean | null;
    variant?: FieldVariant;
  };
  radio: Field & {
    name?: string;
    value?: Scalar;
    options?: Option[];
    layout?: "vertical" | "horizontal";
  };
  checkbox: Field & { checked?: boolean; variant?: "default" | "primary" };
  switch: Field & { checked?: boolean };
  slider: Field & {
    min?: number;
    max?: number;
    step?: number;
    value?: number;
    showValue?: boolean;
    variant?: "default" | "primary";
  };
  date: Field & {
    value?: string | null;
    type?: "date" | "time" | "datetime-local" | "month";
    min?: string;
    max?: string;
    error?: string | boolean | null;
  };
  progress: Common & {
    label?: string;
    value?: number | null;
    max?: number;
    variant?: Exclude<Tone, "secondary">;
    size?: Size;
    showValue?: boolean;
  };
  badge: Common & { text?: Scalar; variant?: Tone; size?: Size };
  divider: Common & {
    orientation?: "horizontal" | "vertical";
    variant?: "solid" | "dashed" | "dotted";
    label?: string;
  };
  image: Common & {
    src?: string;
    alt?: string;
    width?: number | string;
    height?: number | string;
    fit?: "cover" | "contain" | "fill" | "none";
    rounded?: "none" | Size | "full";
  };
  icon: Common & { name?: string; label?: string; size?: Size | number; color?: TextColor };
  link: Common & { text?: Scalar; href?: string; label?: string };
  alert: Common & { text?: Scalar; title?: Scalar; tone?: "info" | "success" | "warning" | "danger" };
  stat: Common & {
    label?: string;
    value?: Scalar;
    unit?: string;
    delta?: Scalar;
    trend?: "none" | "up" | "down";
    tone?: "default" | "success" | "warning" | "danger";
  };
  table: Common & {
    columns?: Column[];
    rows?: Row[];
    rowKey?: string;
    sortable?: boolean;
    sort?: string | { key: string; order?: "asc" | "desc" } | null;
    empty?: string;
    pageSize?: number;
    label?: string;
    selected?: Scalar;
  };
  tabs: Common & {
    variant?: "default" | "bordered" | "pills";
    size?: Size;
    value?: string | null;
    defaultTab?: string;
    label?: string;
  };
  accordion: Common & { value?: string | null; label?: string };
  modal: Common & {
    open?: boolean;
    title?: string;
    size?: Size | "fullscreen";
    centered?: boolean;
  };
  code: Common & { content?: Scalar; language?: string };
  unknown: Common & { type?: string };
}

export type Kind = keyof NodeProps;
