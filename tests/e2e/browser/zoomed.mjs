// What an enlarged page may not lose: text that is cut off, and controls that are not there any more.

/** Names of every control a person can reach in what is shown, without what changes with the time. */
export function controls(page) {
  return page.evaluate(() => {
    const names = new Set();
    for (const one of document.querySelectorAll("button, a[href], input, select, textarea, summary, [role=tab], [role=switch], [role=slider], [role=option]")) {
      if (!one.checkVisibility({ visibilityProperty: true }) || one.closest("[role=listbox], [role=tree], table, .spot")) continue;
      const name = (one.getAttribute("aria-label") ?? (one.labels?.[0]?.innerText || one.innerText || one.getAttribute("placeholder") || one.title)).replace(/\s+/g, " ").trim();
      const words = name.replace(/\d[\d:.,]*/g, "#");
      if (words && !/^Walk the plan|hot spot/.test(words)) names.add(words);
    }
    return [...names];
  });
}

/** Sentences about every text that is cut off and about a page that scrolls sideways; none where all is there. */
export function cutOff(page) {
  return page.evaluate(() => {
    const found = [];
    for (const root of [document.documentElement, document.body, document.getElementById("app")]) {
      if (root.scrollWidth > root.clientWidth + 1) found.push(`${root.id || root.tagName.toLowerCase()}: the page scrolls sideways by ${root.scrollWidth - root.clientWidth} px`);
    }
    /** Whether a point of an element lies within everything it can be scrolled in. */
    const clear = (element, x, y) => {
      for (let around = element; around; around = around.parentElement) {
        if (getComputedStyle(around).overflowY === "visible") continue;
        const edge = around.getBoundingClientRect();
        if (x < edge.left || x > edge.right || y < edge.top || y > edge.bottom) return false;
      }
      return true;
    };
    const open = document.querySelector("dialog[open]");
    const texts = document.createTreeWalker(open ?? document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      if (!text.data.trim()) continue;
      const element = text.parentElement;
      if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || element.closest("[aria-hidden=true], .skip, script, style, option")) continue;
      range.selectNodeContents(text);
      const box = range.getBoundingClientRect();
      if (box.width === 0 || box.height === 0) continue;
      const said = `“${text.data.trim().slice(0, 40)}” in ${element.tagName.toLowerCase()}.${String(element.className.baseVal ?? element.className).replace(/svelte-\w+/g, "").trim().split(/\s+/).join(".")}`;
      // What stands outside the walls of its own card, or under something else.
      for (let around = element; around && around.tagName !== "MAIN"; around = around.parentElement) {
        const style = getComputedStyle(around);
        if (/absolute|fixed|sticky/.test(style.position) || style.overflowY !== "visible") break;
        const edge = around.getBoundingClientRect();
        if (style.borderTopWidth !== "0px" && style.borderBottomWidth !== "0px" && (box.bottom > edge.bottom + 3 || box.right > edge.right + 3)) {
          found.push(`${said} stands outside of ${around.tagName.toLowerCase()}.${String(around.className).replace(/svelte-\w+/g, "").trim()}`);
          break;
        }
      }
      const [cx, cy] = [box.left + Math.min(box.width, 60) / 2, box.top + box.height / 2];
      const above = cx > 0 && cy > 0 && cx < innerWidth && cy < innerHeight ? document.elementFromPoint(cx, cy) : null;
      if (above && !above.contains(element) && !element.contains(above) && getComputedStyle(element).pointerEvents !== "none" && !above.closest("canvas, .spot, [class*=pin], [class*=mark]") && clear(element, cx, cy)) found.push(`${said} is covered by ${above.tagName.toLowerCase()}.${String(above.className.baseVal ?? above.className).replace(/svelte-\w+/g, "").trim()}`);
      // What lies beyond the edge of something that scrolls can be scrolled to.
      let [sideways, down] = [false, false];
      for (let around = element; around && around !== document.documentElement; around = around.parentElement) {
        const style = getComputedStyle(around);
        // What only assistive technology reads is meant to be clipped.
        if (style.clipPath.startsWith("inset(50%")) break;
        sideways ||= /auto|scroll/.test(style.overflowX);
        down ||= /auto|scroll/.test(style.overflowY);
        const edge = around.getBoundingClientRect();
        const wide = !sideways && style.overflowX !== "visible" && (box.right > edge.right + 1.5 || box.left < edge.left - 1.5);
        const high = !down && style.overflowY !== "visible" && (box.bottom > edge.bottom + 3 || box.top < edge.top - 3);
        // A shortened text is all there where it is said in full.
        if (((wide && style.textOverflow === "ellipsis") || (high && style.webkitLineClamp !== "none")) && element.closest("[title], [aria-label]:not(main, aside, section, nav, [role=group], [role=region], [role=listbox], [role=tree])")) break;
        if (wide || high) {
          found.push(`${said} is cut off ${wide ? "at the side" : "below"} by ${around.tagName.toLowerCase()}.${String(around.className).replace(/svelte-\w+/g, "").trim()}`);
          break;
        }
        if (sideways && down) break;
        if (style.position === "fixed") break;
      }
    }
    return [...new Set(found)];
  });
}
