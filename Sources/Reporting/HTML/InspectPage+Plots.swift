extension InspectPage {
  /// The third part of the page's script: zeros by layer, bars, and the map of densities.
  static let plotScript = #"""
    // The first number that stands alone in a name is the layer's; further ones, as those of experts, are folded.
    function placed(text) {
      const found = /(^|[._\/])(\d{1,6})(?=[._\/]|$)/.exec(text);
      if (!found) return null;
      const rest = text.slice(found.index + found[0].length).replace(/([._\/])\d+(?=[._\/]|$)/g, "$1*");
      return { layer: Number(found[2]), role: rest.replace(/^[._\/]/, "").replace(/\.weight$/, "") || text };
    }
    function layersOf(model) {
      const roles = new Map();
      const all = new Map();
      const add = (sums, layer, tensor) => {
        const sum = sums.get(layer) || [0, 0];
        sums.set(layer, [sum[0] + tensor.zeros, sum[1] + tensor.elements]);
      };
      for (const tensor of model.tensors) {
        if (tensor.kind !== "matrix" || tensor.zeros === null || !tensor.elements) continue;
        const place = placed(tensor.name);
        if (!place) continue;
        if (!roles.has(place.role)) roles.set(place.role, new Map());
        add(roles.get(place.role), place.layer, tensor);
        add(all, place.layer, tensor);
      }
      return { roles, all };
    }

    function zerosByLayer(model) {
      const { roles, all } = layersOf(model);
      const layers = [...all.keys()].sort((a, b) => a - b);
      if (layers.length < 2) return null;
      const share = ([zeros, elements]) => zeros / elements;
      const shown = [...roles].slice(0, 40);
      const values = shown.flatMap(([, sums]) => [...sums.values()].map(share));
      let [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [1, 0]);
      if (high === 0) return panel("Zeros by layer", el("p", { class: "dim" }, "The weight matrices of " + things(layers.length, "layer") + " hold no zero."));
      if (high - low < 0.04) [low, high] = [low - 0.02, high + 0.02];
      const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25].find((one) => (high - low) / one <= 5) || 0.25;
      low = Math.max(0, Math.floor(low / step + 1e-9) * step);
      high = Math.min(1, Math.ceil(high / step - 1e-9) * step);
      const place = el("div");
      const css = (index) => (index < 8 ? "c" + index : "rest");
      const draw = () => {
        const [width, height, left, bottom, top] = [Math.max(260, place.clientWidth), 240, 46, 36, 8];
        const x = (layer) => left + ((width - left - 12) * (layer - layers[0])) / (layers[layers.length - 1] - layers[0]);
        const y = (value) => top + ((height - top - bottom) * (high - value)) / (high - low);
        const line = (sums) =>
          layers.filter((layer) => sums.has(layer)).map((layer, at) => (at ? "L" : "M") + x(layer).toFixed(1) + " " + y(share(sums.get(layer))).toFixed(1)).join("");
        const plot = shape("svg", { class: "plot", viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": "Zeros by layer" });
        for (let value = low; value < high + step / 2; value += step) {
          plot.append(
            shape("line", { class: "rule", x1: left, x2: width - 12, y1: y(value), y2: y(value) }),
            shape("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, Math.round(value * 100) + "%")
          );
        }
        const steps = Math.max(1, Math.ceil(layers.length / Math.floor((width - left) / 44)));
        layers.forEach((layer, at) => {
          if (at % steps === 0) plot.append(shape("text", { x: x(layer), y: height - 18, "text-anchor": "middle" }, String(layer)));
        });
        plot.append(shape("text", { x: width - 12, y: height - 2, "text-anchor": "end" }, "layer"));
        shown.forEach(([, sums], at) => plot.append(shape("path", { class: css(at), d: line(sums) })));
        plot.append(shape("path", { class: "all", d: line(all) }));
        place.replaceChildren(plot);
      };
      const strip = (sums) => {
        const width = layers[layers.length - 1] - layers[0] + 1;
        const cells = layers.filter((layer) => sums.has(layer)).map((layer) => {
          const value = share(sums.get(layer));
          const strength = Math.max(0, Math.min(1, (value - low) / (high - low)));
          return shape("rect", { x: layer - layers[0], y: 0, width: 1.02, height: 1, "fill-opacity": strength.toFixed(3) }, shape("title", null, "layer " + layer + ": " + percent(value) + " zeros"));
        });
        return shape("svg", { viewBox: "0 0 " + width + " 1", preserveAspectRatio: "none" }, cells);
      };
      const total = (sums) => percent(share([...sums.values()].reduce((a, b) => [a[0] + b[0], a[1] + b[1]], [0, 0])));
      const strips = el(
        "div", { class: "strips" },
        [["all", all, "overall"], ...shown.map(([role, sums], at) => [role, sums, css(at)])].map(([role, sums, look]) => [
          el("span", { class: "name " + look }, cut(safe(role), 48)), strip(sums), el("span", { class: "number" }, total(sums)),
        ])
      );
      const section = panel(
        "Zeros by layer", el("p", { class: "dim small" }, "Share of zeros in weight matrices; a strip is pale at " + Math.round(low * 100) + "% and full at " + Math.round(high * 100) + "%."),
        place, strips, roles.size > shown.length && el("p", { class: "dim small" }, "and " + (roles.size - shown.length) + " more kinds of matrices")
      );
      redraws.push(draw);
      return section;
    }

    /// Bars over equal bins: `tell` says what a bin is.
    function bars(values, ends, tell, logarithmic) {
      const most = values.reduce((a, b) => Math.max(a, b), 0);
      const height = (value) => (!value ? 0 : Math.max(0.02, logarithmic ? Math.log1p(value) / Math.log1p(most) : value / most));
      const rects = values.map((value, at) =>
        shape("rect", { x: at + 0.06, y: 1 - height(value), width: 0.88, height: height(value) }, shape("title", null, tell(at) + ": " + grouped(value)))
      );
      return [
        shape("svg", { class: "bars", viewBox: "0 0 " + values.length + " 1", preserveAspectRatio: "none", role: "img" }, rects),
        el("div", { class: "ends" }, ends.map((end) => el("span", null, end))),
      ];
    }

    const levelCount = 63;
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    function heatmap(tensor) {
      const map = tensor.deep.density_map;
      const text = map.levels.length === 1 ? map.levels.repeat(map.rows * map.columns) : map.levels;
      const levels = Array.from(text, (letter) => alphabet.indexOf(letter) / levelCount);
      const [least, most] = levels.reduce(([a, b], level) => [Math.min(a, level), Math.max(b, level)], [1, 0]);
      const scale = most > 0 ? most : 1;
      const canvas = el("canvas", { width: map.columns, height: map.rows, role: "img", "aria-label": "Where nonzeros are" });
      const columns = tensor.shape.length ? tensor.shape[tensor.shape.length - 1] : 1;
      const rows = columns ? tensor.elements / columns : 0;
      canvas.style.aspectRatio = String(Math.max(0.8, Math.min(8, columns / Math.max(1, rows))));
      const draw = () => {
        const context = canvas.getContext("2d");
        context.clearRect(0, 0, map.columns, map.rows);
        context.fillStyle = getComputedStyle(canvas).getPropertyValue("--accent");
        levels.forEach((level, at) => {
          context.globalAlpha = level / scale;
          context.fillRect(at % map.columns, Math.floor(at / map.columns), 1, 1);
        });
      };
      const said = el("p", { class: "dim small" }, "\u00A0");
      // Cells are bands of rows and columns.
      const band = (at, cells, extent) => {
        const start = (place) => Math.floor((Math.min(cells, place) * extent) / cells);
        const [from, to] = [start(at), start(at + 1) - 1];
        return from >= to ? String(from) : from + "\u2013" + to;
      };
      const tell = (event) => {
        const box = canvas.getBoundingClientRect();
        const column = Math.min(map.columns - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * map.columns)));
        const row = Math.min(map.rows - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * map.rows)));
        said.textContent = "rows " + band(row, map.rows, rows) + ", columns " + band(column, map.columns, columns) + ": about " + percent(levels[row * map.columns + column]) + " nonzero";
      };
      canvas.addEventListener("pointermove", tell);
      canvas.addEventListener("pointerdown", tell);
      canvas.addEventListener("pointerleave", () => { said.textContent = "\u00A0"; });
      redraws.push(draw);
      const note = least === most
        ? "every cell has " + percent(most) + " nonzeros" : "the cells have " + percent(least) + " to " + percent(most) + " nonzeros";
      return [
        canvas, el("div", { class: "ramp" }), el("div", { class: "ends" }, el("span", null, "0%"), el("span", null, "nonzero"), el("span", null, percent(scale))),
        el("p", { class: "dim small" }, "Rows run down, columns across, in " + map.rows + "\u00D7" + map.columns + " cells; " + note + "."), said,
      ];
    }
    """#
}
