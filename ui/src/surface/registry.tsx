/** One React component for every kind of node. A kind without a component does not compile. */
import type { ComponentType } from "react";
import type { Kind } from "@/engine/catalog";
import type { NodeOf } from "@/engine/protocol";
import { Accordion } from "./components/Accordion";
import { Alert } from "./components/Alert";
import { AudioPlayer } from "./components/AudioPlayer";
import { Badge } from "./components/Badge";
import { Button } from "./components/Button";
import { Canvas } from "./components/Canvas";
import { Card } from "./components/Card";
import { Chart } from "./components/Chart";
import { Checkbox } from "./components/Checkbox";
import { Code } from "./components/Code";
import { Container } from "./components/Container";
import { DateField } from "./components/DateField";
import { Divider } from "./components/Divider";
import { Form } from "./components/Form";
import { Frame } from "./components/Frame";
import { Grid } from "./components/Grid";
import { Icon } from "./components/Icon";
import { Input } from "./components/Input";
import { Link } from "./components/Link";
import { List } from "./components/List";
import { Modal } from "./components/Modal";
import { Picture } from "./components/Picture";
import { Progress } from "./components/Progress";
import { Radio } from "./components/Radio";
import { Select } from "./components/Select";
import { Slider } from "./components/Slider";
import { Stat } from "./components/Stat";
import { Switch } from "./components/Switch";
import { Table } from "./components/Table";
import { Tabs } from "./components/Tabs";
import { Text } from "./components/Text";
import { Textarea } from "./components/Textarea";
import { Unknown } from "./components/Unknown";
import { VideoPlayer } from "./components/VideoPlayer";

type Registry = { [K in Kind]: ComponentType<{ node: NodeOf<K> }> };

export const registry: Registry = {
  accordion: Accordion,
  alert: Alert,
  audio: AudioPlayer,
  badge: Badge,
  button: Button,
  canvas: Canvas,
  card: Card,
  chart: Chart,
  checkbox: Checkbox,
  code: Code,
  container: Container,
  date: DateField,
  divider: Divider,
  form: Form,
  grid: Grid,
  icon: Icon,
  iframe: Frame,
  image: Picture,
  input: Input,
  link: Link,
  list: List,
  modal: Modal,
  progress: Progress,
  radio: Radio,
  select: Select,
  slider: Slider,
  stat: Stat,
  switch: Switch,
  table: Table,
  tabs: Tabs,
  text: Text,
  textarea: Textarea,
  unknown: Unknown,
  video: VideoPlayer,
};
