extension InspectPage {
  /// The first part of the page's script: texts and elements. What comes from the report becomes an element's text and
  /// nothing else.
  static let elementScript = #"""
    const byID = (id) => document.getElementById(id);
    const VECTOR = document.querySelector("svg").namespaceURI;

    function fill(node, attributes, children) {
      for (const [key, value] of Object.entries(attributes || {})) {
        if (typeof value === "function") node.addEventListener(key, value);
        else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value);
      }
      for (const child of children.flat(3)) {
        if (child !== null && child !== undefined && child !== false) node.append(child);
      }
      return node;
    }
    const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
    const shape = (tag, attributes, ...children) => fill(document.createElementNS(VECTOR, tag), attributes, children);

    // What could hide, reorder or imitate is spelled out, as everywhere in Lacuna.
    const spell = (text) => Array.from(text, (c) => "\\u{" + c.codePointAt(0).toString(16).toUpperCase() + "}").join("");
    const unsafe = /\\|[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}|^ | $|^\p{M}+/gu;
    const heaps = /(\p{M}{3})(\p{M}+)/gu;
    function safe(text) {
      if (/^[!-\[\]-~]+$/.test(text)) return text;
      if (text === "") return "\\u{}";
      return text
        .replace(unsafe, (found) => (found === "\\" ? "\\\\" : spell(found)))
        .replace(heaps, (_, kept, heap) => kept + spell(heap));
    }
    // Cuts in the middle, and no spelling apart.
    function cut(text, count) {
      if (text.length <= count) return text;
      const pieces = text.match(/\\u\{[0-9A-F]*\}|\\\\|./gsu);
      const take = (list) => {
        let [length, kept] = [0, 0];
        while (kept < list.length && length + list[kept].length <= (count - 1) / 2) { length += list[kept].length; kept += 1; }
        return list.slice(0, kept);
      };
      return take(pieces).join("") + "\u2026" + take(pieces.reverse()).reverse().join("");
    }

    function scaled(value, units) {
      let unit = 0;
      while (value >= 999.5 && unit < units.length - 1) { value /= 1000; unit += 1; }
      const digits = unit === 0 ? 0 : value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
      return value.toFixed(digits) + (units[unit] && "\u00A0" + units[unit]);
    }
    const size = (value) => scaled(value, ["B", "kB", "MB", "GB", "TB", "PB"]);
    const count = (value) => scaled(value, ["", "k", "M", "B", "T"]);
    const grouped = (value) => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    function percent(share) {
      if (share === null || share === undefined || Number.isNaN(share)) return "\u2013";
      if (share > 0 && share < 0.001) return "<0.1%";
      if (share < 1 && share > 0.999) return ">99.9%";
      return (share * 100).toFixed(1) + "%";
    }
    function real(value) {
      if (typeof value !== "number") return String(value);
      if (value === 0) return "0";
      const size = Math.abs(value);
      return size >= 1e5 || size < 1e-4 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
    }
    const ratio = (before, after) => (after > 0 ? "\u00D7" + (before / after).toFixed(2) : "\u2013");
    const extents = (list) => (list.length ? list.join("\u00D7") : "scalar");
    const things = (number, word, words) => grouped(number) + " " + (number === 1 ? word : words || word + "s");

    function bar(share) {
      const filled = el("i");
      filled.style.width = Math.max(0, Math.min(1, share || 0)) * 100 + "%";
      return el("span", { class: "bar" }, filled);
    }
    const name = (text, limit) => el("span", { class: "name" }, limit ? cut(safe(text), limit) : safe(text));
    const fact = (label, value, note) =>
      el("div", { class: "fact" }, el("dt", null, label), el("dd", null, value, note && el("span", { class: "dim" }, note)));
    const panel = (title, ...children) => el("section", { class: "panel" }, el("h2", null, title), children);
    """#

  /// The second part: what is said of a model as a whole.
  static let summaryScript = #"""
    const kinds = {
      matrix: "weight matrix", embedding: "embedding", output_head: "output head", router: "router of experts", vector: "vector",
      auxiliary: "auxiliary", not_weight: "no weight",
    };
    function diagnosis(found) {
      return [
        found.file && [name(found.file), ": "],
        found.tensor !== null && found.tensor !== undefined && [name(found.tensor, 200), ": "],
        cut(safe(found.problem), 2000), found.expected && " (" + cut(safe(found.expected), 1000) + ")",
        Number.isFinite(found.offset) && " [byte " + grouped(found.offset) + "]",
      ];
    }

    function summaryOf(model) {
      const sums = model.summary;
      const types = Object.entries(sums.dtypes).sort((a, b) => b[1] - a[1]);
      const layouts = Object.entries(sums.layouts).sort((a, b) => b[1] - a[1]);
      const listed = (pairs) => pairs.map(([word, number]) => safe(word) + " " + grouped(number)).join(", ");
      const schemes = sums.quantizations.map((scheme) => [scheme.scheme, scheme.tensors]);
      const following = model.tensors.filter(
        (tensor) => tensor.kind === "matrix" && tensor.patterns?.[sums.shared_pattern]?.compliant
      ).length;
      const matrices = model.tensors.filter((tensor) => tensor.kind === "matrix" && tensor.zeros !== null).length;
      const odd = [["NaN", sums.nan], ["Inf", sums.inf], ["\u22120.0", sums.negative_zeros]].filter(([, number]) => number > 0);
      const first = (pairs, none) => (pairs.length ? safe(pairs[0][0]) : none);
      return el(
        "dl", { class: "facts" },
        fact("Parameters", count(model.parameters), things(sums.tensors, "tensor")),
        fact("Tensor bytes", size(sums.stored_bytes), size(model.bytes) + " in " + things(model.files, "file")),
        fact("Zeros in weights", percent(model.sparsity), matrices ? "of " + things(matrices, "matrix", "matrices") : "no weight matrix"),
        fact("Zeros in all", percent(sums.parameter_sparsity), sums.uncounted_tensors > 0 ? "of the parameters that were counted" : "of all parameters"),
        fact(
          "Shared pattern", sums.shared_pattern || "none",
          sums.shared_pattern ? "in " + following + " of " + things(matrices, "weight matrix", "weight matrices") : model.sparsity ? "no N:M holds in all sparse weights" : "no weight is sparse"
        ),
        fact("Types", first(types, "none"), listed(types)),
        fact("Layouts", first(layouts, "none"), listed(layouts)),
        fact("Quantization", first(schemes, "none"), schemes.length ? listed(schemes) : "no scheme declared"),
        odd.length > 0 && fact("Odd values", grouped(odd.reduce((sum, pair) => sum + pair[1], 0)), listed(odd)),
        sums.uncounted_tensors > 0 && fact("Not counted", grouped(sums.uncounted_tensors), "tensors, by type or size")
      );
    }

    function warningsOf(model) {
      if (!model.warnings.length) return null;
      const shown = model.warnings.slice(0, 50).map((found) => el("li", null, diagnosis(found)));
      const more = model.warnings.length - shown.length;
      const section = panel(things(model.warnings.length, "warning"), el("ul", null, shown), more > 0 && el("p", { class: "dim" }, "and " + grouped(more) + " more"));
      section.classList.add("warnings");
      return section;
    }

    function adviceOf(model) {
      if (!model.advice.length) return null;
      const shown = model.advice.slice(0, 50).map((found) => el("li", null, name(found.subject), ": " + safe(found.words)));
      const more = model.advice.length - shown.length;
      const section = panel("Needs a look", el("ul", null, shown), more > 0 && el("p", { class: "dim" }, "and " + grouped(more) + " more"));
      section.classList.add("advice");
      return section;
    }

    function expertsOf(model) {
      const layers = model.experts;
      if (!layers.length) return null;
      const kept = layers.map((layer) => layer.present - (layer.empty || 0));
      const totals = layers.map((layer) => Math.max(layer.expected || 0, layer.present));
      const told = (at) => {
        const layer = layers[at];
        return kept[at] + " of " + totals[at] + " kept" + (layer.empty ? ", " + layer.empty + " all zero" : "")
          + (layer.routed !== null && layer.routed !== layer.present ? ", its router tells " + layer.routed + " apart" : "");
      };
      const odd = layers.map((layer, at) => at).filter((at) => kept[at] < totals[at] || (layers[at].routed !== null && layers[at].routed !== layers[at].present));
      const [fewest, most] = [Math.min(...kept), Math.max(...kept)];
      const section = panel(
        "Experts", el("p", null, (fewest === most ? fewest : fewest + " to " + most) + " kept in each of " + things(layers.length, "layer")),
        odd.length > 0 && el("ul", null, odd.slice(0, 50).map((at) => el("li", null, name(layers[at].layer), ": " + told(at)))),
        odd.length > 50 && el("p", { class: "dim" }, "and " + grouped(odd.length - 50) + " more")
      );
      section.classList.add("experts");
      return section;
    }

    function sizesOf(model) {
      if (!model.sizes) return null;
      const line = (form, bytes, whole, command, note) =>
        el(
          "tr", null, el("td", null, safe(form)), el("td", { class: "number" }, size(bytes)),
          el("td", null, bar(whole ? bytes / whole : 0)), el("td", { class: "number" }, percent(whole ? bytes / whole : null)),
          el("td", { class: "command" }, command && el("code", null, cut(safe(command), 400)), note && el("span", { class: "dim small" }, note))
        );
      const rows = model.sizes.map((row) => line(row.form, row.bytes, model.summary.stored_bytes, row.command));
      const told = model.compressed_forecast;
      if (told) {
        const note = told.standard_error ? " \u00B1 " + size(2 * told.standard_error) + ", from " + size(told.sampled_bytes) : "";
        rows.push(line("compressed", told.bytes, model.bytes, told.command, note));
      }
      const bits = model.tensors.filter((tensor) => tensor.deep).reduce(
        ([sum, elements], tensor) => [
          sum + tensor.deep.plane_entropies.reduce((a, b) => a + b, 0) * tensor.elements, elements + tensor.elements,
        ], [0, 0]
      );
      return panel(
        "Sizes",
        el(
          "table", { class: "sizes" },
          el("thead", null, el("tr", null, el("th", null, "Form"), el("th", { class: "number" }, "Bytes"), el("th"), el("th", { class: "number" }, "Share"), el("th", null, "Command"))),
          el("tbody", null, rows)
        ),
        bits[1] > 0 && el("p", { class: "dim small" }, "An entropy coder without context needs " + (bits[0] / bits[1]).toFixed(2) + " bits an element, by the bytes' frequencies.")
      );
    }

    function compressionOf(model) {
      const found = model.compression;
      if (!found) return null;
      return panel(
        "Compressed by " + safe(found.library),
        el("p", null, found.formats.map((format) => safe(format.format) + " (" + things(format.modules, "module") + ")").join(", "), " \u00B7 " + safe(found.era), found.version && " \u00B7 version " + safe(found.version)),
        el(
          "table", null,
          el("tbody", null, found.loaders.map((loader) => el("tr", null, el("td", null, safe(loader.program)), el("td", null, el("span", { class: loader.loads ? "tag good" : "tag look" }, loader.loads ? "loads" : "does not load")), el("td", { class: "dim" }, loader.detail ? safe(loader.detail) : ""))))
        ),
        found.remedy && el("p", null, el("code", null, "lacuna convert " + found.remedy.map(safe).join(" ")))
      );
    }
    """#
}
