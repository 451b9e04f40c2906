// What pages gain where scripts run: times in the viewer's zone, a menu that folds, tables that are drawn.
"use strict";

(() => {
  const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

  function tellTimes(root) {
    for (const time of root.querySelectorAll("time[datetime]:not([data-told])")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      time.textContent = ("day" in time.dataset ? day : moment).format(at);
      time.dataset.told = "";
    }
  }

  function foldMenu() {
    const menu = document.querySelector("details.menu");
    const narrow = window.matchMedia("(max-width: 900px)");
    const set = () => { if (menu) menu.open = !narrow.matches; };
    narrow.addEventListener("change", set);
    set();
  }

  // A form that asks before it does what cannot be taken back: its words stand in the page.
  document.addEventListener("submit", (event) => {
    const words = event.target.dataset.ask;
    if (words && !window.confirm(words)) event.preventDefault();
  });

  document.addEventListener("DOMContentLoaded", () => { tellTimes(document); foldMenu(); });
  for (const name of ["htmx:after:swap", "htmx:afterSwap", "htmx:load"]) {
    document.addEventListener(name, () => { tellTimes(document); document.dispatchEvent(new Event("stillwatch:drawn")); });
  }
})();
