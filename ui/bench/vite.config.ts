/** Builds the page on which clicks are measured, from the desktop's own sources. */
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  root: path("."),
  plugins: [react()],
  resolve: { alias: { "@": path("../src") } },
  build: { target: "es2023", outDir: path("../../.cache/bench-page"), emptyOutDir: true },
});
