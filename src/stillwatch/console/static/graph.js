// Draws who shares what, where scripts run, once its place comes into view; until then, and without, there is a picture.
"use strict";

(() => {
  const library = document.currentScript.dataset.library;
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();

  function load() {
    if (window.cytoscape) return Promise.resolve();
    // The library would add a style element of its own, which the page's policy refuses; one of that id is there already.
    const quiet = document.createElement("template");
    quiet.id = "__________cytoscape_stylesheet";
    document.head.append(quiet);
    return new Promise((done, failed) => {
      const script = document.createElement("script");
      Object.assign(script, { src: library, onload: done, onerror: failed });
      document.head.append(script);
    });
  }

  function look(graph) {
    const scale = graph.nodes.length > 600 ? 2.6 : 1;  // seen from further away
    const size = (node) => Math.sqrt(scale) * (10 + 26 * Math.sqrt(node.data("n") / graph.most));
    return [
      { selector: "node", style: { "background-color": colour("data"), width: 7, height: 7, "font-size": 9 * scale, color: colour("ink"), "text-valign": "top", "text-outline-color": colour("page"), "text-outline-width": 2 * scale } },
      { selector: "node[kind = 'shared']", style: { "background-color": colour("for"), label: "data(label)", width: size, height: size, "z-index-compare": "manual", "z-index": 9 } },
      { selector: "node[kind = 'group']", style: { label: "data(label)", width: size, height: size } },
      { selector: "edge", style: { width: 0.6, "line-color": colour("muted"), opacity: 0.45, "curve-style": "haystack" } },
      { selector: ".far", style: { opacity: 0.12 } },
      { selector: "node.near", style: { label: (node) => node.data("told") || node.data("label") } },
    ];
  }

  // Of many nodes: what is shared on a circle, accounts as a sunflower around the middle of all that they share.
  function spread(graph) {
    const shared = graph.nodes.filter((node) => node.kind === "shared"), at = {}, ties = {}, groups = {};
    const radius = 9 * Math.sqrt(graph.nodes.length) * (shared.length > 1 ? 1 : 0);
    shared.forEach((node, i) => {
      const angle = (2 * Math.PI * i) / shared.length;
      at[node.id] = { x: radius * 2 * Math.cos(angle), y: radius * Math.sin(angle) };
    });
    for (const edge of graph.edges) (ties[edge.source] ??= []).push(edge.target);
    for (const [id, targets] of Object.entries(ties)) (groups[targets.sort().join()] ??= []).push(id);
    for (const [key, ids] of Object.entries(groups)) {
      const places = key.split(",").map((id) => at[id]), mean = (axis) => places.reduce((sum, one) => sum + one[axis], 0) / places.length;
      ids.forEach((id, i) => {
        const far = 9 * Math.sqrt(i + 14), angle = 2.39996 * i;
        at[id] = { x: mean("x") + far * Math.cos(angle), y: mean("y") + far * Math.sin(angle) };
      });
    }
    return at;
  }

  async function draw(place) {
    const [answer] = await Promise.all([fetch(place.dataset.graph, { headers: { accept: "application/json" } }), load()]);
    if (!answer.ok) return;
    const graph = await answer.json();
    if (!graph.nodes.length) return;
    graph.most = Math.max(...graph.nodes.map((node) => node.n));
    place.replaceChildren();
    const many = graph.nodes.length > 600;
    const drawing = cytoscape({
      container: place,
      elements: { nodes: graph.nodes.map((data) => ({ data })), edges: graph.edges.map((data) => ({ data })) },
      style: look(graph), hideEdgesOnViewport: many, textureOnViewport: many, minZoom: 0.02, maxZoom: 6,
      layout: many ? { name: "preset", positions: spread(graph), padding: 16 } : { name: "cose", animate: false, randomize: true, nodeRepulsion: () => 9000, idealEdgeLength: () => 40, numIter: 400, padding: 24 },
    });
    drawing.on("tap", "node", (event) => {
      drawing.elements().addClass("far").removeClass("near");
      event.target.closedNeighborhood().removeClass("far").addClass("near");
    });
    drawing.on("tap", (event) => { if (event.target === drawing) drawing.elements().removeClass("far near"); });
    place.dataset.drawn = graph.nodes.length;
  }

  document.addEventListener("DOMContentLoaded", () => {
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries.filter((one) => one.isIntersecting)) { seen.unobserve(entry.target); draw(entry.target); }
    }, { rootMargin: "200px" });
    document.querySelectorAll("[data-graph]").forEach((place) => seen.observe(place));
  });
})();
