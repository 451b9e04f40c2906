// Draws the table behind a figure over time, where scripts run: zoom by dragging, double click for the whole.
"use strict";

(() => {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();

  function series(table) {
    const xs = [], ns = [], totals = [];
    for (const row of table.tBodies[0].rows) {
      xs.push(Date.parse(row.querySelector("time").dateTime) / 1000);
      ns.push(Number(row.cells[1].textContent.replace(/\D/g, "")));
      if (row.cells[2]) totals.push(Number(row.cells[2].textContent.replace(/\D/g, "")));
    }
    return totals.length ? [xs, ns, totals] : [xs, ns];
  }

  function draw(figure) {
    const place = figure.querySelector(".drawn"), data = series(figure.querySelector("table"));
    if (data[0].length < 2) return;
    const grid = { stroke: colour("line"), width: 1 }, axis = { stroke: colour("muted"), grid, ticks: grid };
    const options = {
      width: place.clientWidth, height: 240, cursor: { drag: { x: true, y: false } },
      scales: { total: { range: (_, low, high) => [0, high] }, y: { range: (_, low, high) => [0, high * 1.05] } },
      axes: [axis, { ...axis, size: 62 }, ...(data[2] ? [{ ...axis, scale: "total", side: 1, grid: { show: false }, size: 66 }] : [])],
      series: [
        {},
        { label: figure.dataset.unit, stroke: colour("data"), fill: colour("data") + "55", width: 1.5, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } },
        ...(data[2] ? [{ label: "until then", scale: "total", stroke: colour("for"), width: 2, points: { show: false } }] : []),
      ],
    };
    place.replaceChildren();
    const plot = new uPlot(options, data, place);
    new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 240 })).observe(place);
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("figure[data-chart=time]").forEach(draw));
})();
