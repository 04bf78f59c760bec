// Keeps the page up to date: fills the page's own markup with the texts of each event.
// Nothing that comes from the server ever becomes markup, an address or code.
"use strict";
(() => {
  const attributes = new Set(["aria-label", "d", "data-label", "data-state", "data-tone", "datetime", "value"]);
  const live = document.querySelector(".live");
  const words = document.getElementById("live-words");
  // A page that hears nothing for this long says so.
  let patience = 10000;
  let source;
  let heard = performance.now();
  let updated = heard;
  let wait = 2000;

  function set(node, name, value) {
    if (name === "hidden") node.toggleAttribute("hidden", value);
    else if (name === "shown") node.toggleAttribute("hidden", !value);
    else if (attributes.has(name) && node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }

  function say(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  // Rows keep their elements as long as their keys, so that focus and selection stay where they are.
  function fillList(parent, items) {
    const template = parent.querySelector(":scope > template");
    const rows = new Map();
    for (const row of parent.children) if (row !== template) rows.set(row.dataset.key, row);
    const used = new Set();
    let place = parent.firstElementChild;
    for (const item of items) {
      const key = String(item.key);
      let row = rows.get(key);
      if (row === undefined || used.has(row)) {
        row = template.content.firstElementChild.cloneNode(true);
        row.dataset.key = key;
      }
      used.add(row);
      if (row === place) place = place.nextElementSibling;
      else parent.insertBefore(row, place);
      fill(row, item);
    }
    for (const row of [...parent.children]) if (row !== template && !used.has(row)) row.remove();
  }

  function fill(node, values) {
    const { text, list, set: pairs, with: inner } = node.dataset;
    for (const pair of pairs ? pairs.split(" ") : []) {
      const [name, field] = pair.split(":");
      set(node, name, values[field]);
    }
    if (text !== undefined) return say(node, String(values[text]));
    if (list !== undefined) return fillList(node, values[list]);
    const scope = inner === undefined ? values : values[inner];
    for (const child of node.children) fill(child, scope);
  }

  function show(snapshot) {
    heard = updated = performance.now();
    wait = 2000;
    patience = Math.max(10000, 4000 * snapshot.refresh_seconds);
    if (snapshot.page_title !== document.title) document.title = snapshot.page_title;
    fill(document.body, snapshot);
    look();
  }

  function look() {
    const now = performance.now();
    if (now - updated < patience) state("live", "Live");
    else if (now - heard < patience) state("stale", "Stale: the server sends no new numbers since");
    else state("stale", "Stale: no connection since");
  }

  function state(name, text) {
    live.dataset.live = name;
    say(words, text);
  }

  function open() {
    source = new EventSource("dashboard/events");
    source.addEventListener("snapshot", (event) => show(JSON.parse(event.data)));
    source.addEventListener("heartbeat", () => {
      heard = performance.now();
    });
    source.addEventListener("error", () => {
      // The browser tries again by itself, unless it was refused.
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(open, wait);
      wait = Math.min(2 * wait, 30000);
    });
  }

  // A page that comes back from the browser's memory connects anew.
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
  setInterval(look, 1000);
  if (location.search) history.replaceState(null, "", location.pathname);
  open();
})();
