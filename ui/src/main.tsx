/** The desktop of AgentOS. Start with `App`, then `features/apps/desk` and `engine/appHost`. */
import { lazy, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import "./index.css";
import "./shared/theme";

const DocsPage = lazy(async () => ({ default: (await import("./features/docs/DocsPage")).DocsPage }));

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>{location.pathname.startsWith("/docs/apps") ? <DocsPage /> : <App />}</StrictMode>,
);
