/// <reference types="vitest/config" />
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin, type ProxyOptions } from "vite";

const SERVER = process.env.AGENTOS_SERVER ?? "http://127.0.0.1:8000";

const ROUTES = [
  "/apps",
  "/audit",
  "/catalog",
  "/generate-ui",
  "/health",
  "/kernel",
  "/metrics",
  "/models",
  "/openapi.json",
  "/gallery",
  "/registry",
  "/schema",
  "/services",
  "/sessions",
  "/settings",
  "/validate",
];

/** The server refuses foreign origins, so a proxied request must carry its own. */
const proxied: ProxyOptions = { target: SERVER, changeOrigin: true, headers: { origin: SERVER } };

/** Stops with the command to type when the WebAssembly module was not built. */
function requireEngine(): Plugin {
  const module = fileURLToPath(new URL("src/engine/wasm/agentos_engine.js", import.meta.url));
  return {
    name: "require-engine",
    configResolved(config) {
      if (config.mode !== "test" && !existsSync(module)) {
        throw new Error(
          "The engine's WebAssembly module is missing (src/engine/wasm). Build it first: make engine",
        );
      }
    },
  };
}

export default defineConfig({
  plugins: [requireEngine(), react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  build: { target: "es2023", outDir: "dist", emptyOutDir: true },
  server: {
    host: "127.0.0.1",
    port: 5173,
    strictPort: true,
    proxy: {
      ...Object.fromEntries(ROUTES.map((route) => [route, proxied])),
      "/stream": { ...proxied, ws: true },
    },
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});
