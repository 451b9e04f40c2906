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
    const size = (node) => 10 + 26 * Math.sqrt(node.data("n") / graph.most);
    return [
      { selector: "node", style: { "background-color": colour("data"), width: 7, height: 7, "font-size": 9, color: colour("ink"), "text-valign": "top", "text-outline-color": colour("page"), "text-outline-width": 2 } },
      { selector: "node[kind = 'shared']", style: { "background-color": colour("for"), label: "data(label)", width: size, height: size } },
      { selector: "node[kind = 'group']", style: { label: "data(label)", width: size, height: size } },
      { selector: "edge", style: { width: 0.6, "line-color": colour("muted"), opacity: 0.45, "curve-style": "haystack" } },
      { selector: ".far", style: { opacity: 0.12 } },
      { selector: "node.near", style: { label: (node) => node.data("told") || node.data("label") } },
    ];
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
      style: look(graph), hideEdgesOnViewport: many, textureOnViewport: many, minZoom: 0.1, maxZoom: 6,
      layout: many ? { name: "concentric", concentric: (node) => node.degree(), levelWidth: () => 3, minNodeSpacing: 2, animate: false } : { name: "cose", animate: false, randomize: true, nodeRepulsion: () => 9000, idealEdgeLength: () => 40, numIter: 400, padding: 24 },
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
