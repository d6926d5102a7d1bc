/** The desktop of AgentOS. Start with `App`, then `features/apps/desk` and `engine/appHost`. */
import { lazy, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { TokenPage } from "./features/access/TokenPage";
import { takeToken, useAccess } from "./shared/api/token";
import "./index.css";
import "./shared/theme";

const DocsPage = lazy(async () => ({ default: (await import("./features/docs/DocsPage")).DocsPage }));

function Page() {
  const refused = useAccess((store) => store.refused);
  if (refused) return <TokenPage />;
  return location.pathname.startsWith("/docs/apps") ? <DocsPage /> : <App />;
}

takeToken();
// A link that is opened where the page is open already loads nothing by itself.
window.addEventListener("hashchange", () => takeToken() && location.reload());

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
