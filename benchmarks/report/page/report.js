// SPDX-License-Identifier: MIT
// Draws what the element "data" holds; the tables of the page say the same. Chart.js is above.
// How many charts stand is left at the root element (data-drawn), and what went wrong, too (data-errors).
"use strict";
(() => {
  const root = document.documentElement;
  window.addEventListener("error", (event) => {
    root.dataset.errors = (root.dataset.errors || "") + event.message + "\n";
  });
  const data = JSON.parse(document.getElementById("data").textContent);
  const color = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const colorOf = (arm) => color("--c" + (Math.max(data.arms.indexOf(arm), 0) % 8));
  const others = data.arms.slice(1);

  const axis = (title, more = {}) => ({
    title: { display: true, text: title, color: color("--dim") },
    ticks: { color: color("--dim"), ...(more.ticks || {}) },
    grid: { color: color("--line") },
    ...Object.fromEntries(Object.entries(more).filter(([key]) => key !== "ticks")),
  });
  const options = (scales, more = {}) => ({
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    scales,
    plugins: { legend: { labels: { color: color("--ink"), boxWidth: 12 } }, tooltip: { enabled: true }, ...more },
  });

  // The noise floor and the line of equality behind a chart of ratios.
  const band = (from, along) => ({
    id: "band",
    beforeDatasetsDraw(chart) {
      const { ctx, chartArea: area, scales } = chart;
      const scale = scales[along];
      const at = (value) => Math.min(Math.max(scale.getPixelForValue(value), along === "x" ? area.left : area.top),
        along === "x" ? area.right : area.bottom);
      ctx.save();
      if (from) {
        const [low, high] = [at(from[0]), at(from[1])];
        ctx.fillStyle = color("--band");
        if (along === "x") ctx.fillRect(low, area.top, high - low, area.height);
        else ctx.fillRect(area.left, high, area.width, low - high);
      }
      ctx.strokeStyle = color("--dim");
      ctx.setLineDash([4, 4]);
      ctx.beginPath();
      if (along === "x") {
        ctx.moveTo(at(1), area.top);
        ctx.lineTo(at(1), area.bottom);
      } else {
        ctx.moveTo(area.left, at(1));
        ctx.lineTo(area.right, at(1));
      }
      ctx.stroke();
      ctx.restore();
    },
  });

  const forest = (cell) => {
    const rows = cell.forest.filter((row) => row.cpu_ns_per_message.ratio !== null);
    const metrics = [
      ["cpu_ns_per_message", "CPU a message", "--c2"],
      ["messages_per_s", "messages a second", "--c3"],
    ];
    const datasets = [];
    let [least, most] = [0.97, 1.03];
    for (const [index, [metric, title, name]] of metrics.entries()) {
      const points = rows.map((row, y) => ({ y: y + (index - 0.5) * 0.3, at: row[metric], arm: row.arm }))
        .filter((point) => point.at.ratio !== null);
      for (const { at } of points) {
        least = Math.min(least, at.low === null ? at.ratio : at.low);
        most = Math.max(most, at.high === null ? at.ratio : at.high);
      }
      datasets.push({
        label: title, showLine: false, borderColor: color(name), backgroundColor: color(name), pointRadius: 5,
        data: points.map((point) => ({ x: point.at.ratio, y: point.y, arm: point.arm })),
      });
      for (const point of points.filter(({ at }) => at.low !== null)) {
        datasets.push({
          label: "", showLine: true, borderColor: color(name), borderWidth: 3, pointRadius: 0,
          data: [{ x: point.at.low, y: point.y }, { x: point.at.high, y: point.y }],
        });
      }
    }
    const margin = (most - least) * 0.06;
    return {
      type: "scatter",
      data: { datasets },
      plugins: [band(Array.isArray(cell.floor.cpu_ns_per_message) ? cell.floor.cpu_ns_per_message : null, "x")],
      options: options({
        x: axis("ratio to raw", { min: least - margin, max: most + margin, ticks: { callback: (v) => v.toFixed(3) } }),
        y: axis("", {
          reverse: true, min: -0.6, max: rows.length - 0.4, grid: { display: false },
          afterBuildTicks: (scale) => { scale.ticks = rows.map((_, value) => ({ value })); },
          ticks: { callback: (value) => (rows[value] ? rows[value].arm : "") },
        }),
      }, { legend: { labels: { color: color("--ink"), boxWidth: 12, filter: (item) => item.text !== "" } } }),
    };
  };

  const ladder = (cell) => {
    const rows = cell.ladder.filter((row) => row.ns !== null);
    const datasets = [{
      label: "CPU ns a message", data: rows.map((row) => row.ns), backgroundColor: rows.map((row) => colorOf(row.arm)),
      xAxisID: "x",
    }];
    const scales = {
      x: axis("CPU ns a message", { beginAtZero: true, position: "bottom" }),
      y: axis("", { grid: { display: false }, ticks: { color: color("--ink") } }),
    };
    if (rows.some((row) => row.calls !== null)) {
      datasets.push({
        label: "system calls a message", type: "line", showLine: false, data: rows.map((row) => row.calls), xAxisID: "calls",
        borderColor: color("--ink"), backgroundColor: color("--paper"), borderWidth: 2, pointRadius: 6, pointStyle: "rectRot",
        order: -1,
      });
      scales.calls = axis("system calls a message (diamonds)", { beginAtZero: true, position: "top", grid: { drawOnChartArea: false } });
    }
    return {
      type: "bar",
      data: { labels: rows.map((row) => row.arm), datasets },
      options: { ...options(scales, { legend: { display: false } }), indexAxis: "y" },
    };
  };

  const latency = (cell) => ({
    type: "scatter",
    data: {
      datasets: data.arms.filter((arm) => (cell.latency[arm] || []).length).map((arm) => ({
        label: arm, showLine: true, pointRadius: 0, borderWidth: 2, borderColor: colorOf(arm), backgroundColor: colorOf(arm),
        borderDash: arm === data.arms[1] ? [4, 3] : [],
        data: cell.latency[arm].map(([inverse, ns]) => ({ x: inverse, y: ns / 1000 })),
      })),
    },
    options: options({
      x: axis("percentile", {
        type: "logarithmic", min: 1,
        afterBuildTicks: (scale) => {
          scale.ticks = [1, 2, 10, 100, 1e3, 1e4, 1e5, 1e6].filter((v) => v <= scale.max).map((value) => ({ value }));
        },
        ticks: { callback: (v) => (v === 1 ? "0" : v === 2 ? "50" : (100 - 100 / v).toFixed(Math.max(0, Math.log10(v) - 2))) + " %" },
      }),
      y: axis("round trip, µs", { type: "logarithmic" }),
    }),
  });

  const rounds = (cell) => {
    const shown = others.filter((arm) => (cell.rounds[arm] || []).length);
    const ratios = shown.flatMap((arm) => cell.rounds[arm].filter((point) => point[2]).map((point) => point[1]));
    const edges = ratios.length ? ratios : [1];
    // A dropped round far off must not flatten the others.
    const [least, most] = [Math.min(...edges, 0.97), Math.max(...edges, 1.03)];
    const margin = (most - least) * 0.15;
    const inside = (ratio) => Math.min(Math.max(ratio, least - margin), most + margin);
    return {
      type: "scatter",
      plugins: [band(null, "y")],
      data: {
        datasets: shown.map((arm) => ({
          label: arm, borderColor: colorOf(arm), backgroundColor: colorOf(arm),
          pointStyle: cell.rounds[arm].map((point) => (point[2] ? "circle" : "crossRot")),
          pointRadius: cell.rounds[arm].map((point) => (point[2] ? 2.5 : 4)),
          data: cell.rounds[arm].map((point) => ({ x: point[0], y: inside(point[1]) })),
        })),
      },
      options: options({
        x: axis("round", { min: 0, ticks: { precision: 0 } }),
        y: axis("ratio to raw", { min: least - margin, max: most + margin, ticks: { callback: (v) => v.toFixed(3) } }),
      }),
    };
  };

  const calls = (cell) => {
    const names = [...new Set(cell.calls.flatMap((row) => Object.keys(row.calls)))].sort();
    return {
      type: "bar",
      data: {
        labels: cell.calls.map((row) => row.arm),
        datasets: names.map((name, index) => ({
          label: name, backgroundColor: color("--c" + ((index + 2) % 8)), stack: "calls",
          data: cell.calls.map((row) => row.calls[name] || 0),
        })),
      },
      options: {
        ...options({
          x: axis("calls a message", { stacked: true, beginAtZero: true }),
          y: axis("", { stacked: true, grid: { display: false } }),
        }),
        indexAxis: "y",
      },
    };
  };

  const kinds = { forest, ladder, latency, rounds, calls };
  let drawn = [];
  const isPainted = (canvas) => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 3; i < pixels.length; i += 4) if (pixels[i] !== 0) return true;
    return false;
  };
  const draw = () => {
    for (const chart of drawn) chart.destroy();
    drawn = [];
    let painted = 0;
    for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
      const chart = new Chart(canvas, kinds[canvas.dataset.chart](data.cells[canvas.dataset.cell]));
      drawn.push(chart);
      if (isPainted(canvas)) ++painted;
    }
    root.dataset.drawn = String(painted);
  };
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
