"use strict";
(() => {
  const models = () => Bokeh.documents.flatMap((one) => [...one.all_models]);
  const all = (selector) => [...document.querySelectorAll(selector)];

  for (const box of all("input.arm")) {
    box.addEventListener("change", () => {
      for (const one of models()) if (one.tags?.includes(`arm:${box.value}`)) one.visible = box.checked;
    });
  }

  for (const button of all("button.span")) {
    button.addEventListener("click", () => {
      const [start, end] = [Number(button.dataset.start), Number(button.dataset.end)];
      for (const one of models()) {
        if (one.tags?.includes(`span:${button.dataset.group}`)) one.setv({start, end});
      }
      for (const other of all("button.span")) {
        if (other.dataset.group === button.dataset.group) other.setAttribute("aria-pressed", String(other === button));
      }
    });
  }

  const parameters = document.getElementById("parameters");
  const folds = parameters ? [...parameters.querySelectorAll("details")] : [];
  const find = document.getElementById("find"), openAll = document.getElementById("open-all");
  find?.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    let found = 0;
    for (const fold of folds) {
      const owner = fold.querySelector("summary").textContent.toLowerCase().includes(wanted);
      let inside = 0;
      for (const row of fold.querySelectorAll("tbody tr")) {
        row.hidden = Boolean(wanted) && !owner && !row.textContent.toLowerCase().includes(wanted);
        inside += row.hidden ? 0 : 1;
      }
      fold.hidden = inside === 0;
      fold.open = Boolean(wanted) && inside > 0;
      found += inside;
    }
    document.getElementById("found").textContent = wanted ? `${found} found` : "";
  });
  openAll?.addEventListener("click", () => {
    const open = openAll.getAttribute("aria-pressed") !== "true";
    openAll.setAttribute("aria-pressed", String(open));
    openAll.textContent = open ? "Close all" : "Open all";
    for (const fold of folds) fold.open = open;
  });

  // Paper cannot be clicked: what is folded is printed, but for files and for figures' values.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = folds.filter((one) => !one.open);
    for (const fold of closed) fold.open = true;
    // Figures keep the width that they have on the screen; a sheet of A4 between its margins is 688 px wide.
    for (const canvas of all(".canvas")) {
      const isWhole = canvas.closest(".wide, .single");
      canvas.style.setProperty("--scale", String(Math.min(1, (isWhole ? 680 : 330) / canvas.offsetWidth)));
    }
  });
  addEventListener("afterprint", () => closed.forEach((one) => { one.open = false; }));
})();
