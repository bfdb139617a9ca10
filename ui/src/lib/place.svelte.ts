/** Where in the app one is; the address bar and the back button are the truth. */
import { formatPlace, parsePlace, type Place, type ViewName } from "./route";

class Whereabouts {
  place: Place = $state.raw(parsePlace(window.location.hash));

  constructor() {
    window.addEventListener("hashchange", () => (this.place = parsePlace(window.location.hash)));
  }

  get view(): ViewName {
    return this.place.view;
  }

  go(view: ViewName, focus: string | null = null): void {
    const address = formatPlace({ view, focus });
    if (window.location.hash !== address) window.location.hash = address;
    this.place = { view, focus };
  }

  /** Changes what is selected without a step for the back button. */
  focus(focus: string | null): void {
    const address = formatPlace({ view: this.view, focus });
    if (window.location.hash !== address) window.history.replaceState(null, "", address);
    this.place = { view: this.view, focus };
  }
}

export const here = new Whereabouts();
