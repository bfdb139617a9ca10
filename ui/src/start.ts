/** Starts the screen on a host. */
import "./styles/fonts.css";
import "./styles/tokens.css";
import "./styles/base.css";
import { mount } from "svelte";
import App from "./App.svelte";
import type { Host } from "./host/host";
import { desk } from "./lib/desk.svelte";

export function start(host: Host): void {
  desk.start(host);
  mount(App, { target: document.getElementById("app")! });
}
