extension InspectPage {
  /// The fourth part of the page's script: what is shown of one tensor.
  static let detailScript = #"""
    const card = (title, ...children) => el("section", { class: "card" }, el("h3", null, title), children);
    function list(pairs) {
      const said = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
      return el("dl", null, said.map(([term, value]) => [el("dt", null, term), el("dd", null, value)]));
    }
    function quantizationOf(found) {
      if (!found) return null;
      const parameter = (value) => value && (value.tensor !== undefined ? name(value.tensor) : safe(value.constant));
      return card("Quantization", list([
        ["scheme", safe(found.scheme)], ["bits", found.bits], ["packing", found.packing && safe(found.packing)],
        ["group", found.group], ["axis", found.axis], ["block", found.block && found.block.join("\u00D7")],
        ["scale", parameter(found.scale)], ["zero point", parameter(found.zero_point)],
        ["global scale", parameter(found.global_scale)],
      ]));
    }
    function patternsOf(patterns) {
      const rows = Object.entries(patterns || {});
      if (!rows.length) return null;
      return el(
        "table", null,
        el("thead", null, el("tr", null, el("th", null, "N:M"), el("th", { class: "number" }, "Groups"), el("th", { class: "number" }, "Violate"), el("th", null, ""))),
        el("tbody", null, rows.map(([pattern, found]) => el(
          "tr", null, el("td", null, pattern), el("td", { class: "number" }, grouped(found.groups)),
          el("td", { class: "number" }, found.violations ? percent(found.violations / found.groups) : "0"),
          el("td", null, found.compliant ? el("span", { class: "tag good" }, "holds") : found.ragged_groups ? el("span", { class: "tag look" }, "short groups") : "")
        )))
      );
    }
    function densities(found, lines) {
      const tell = (at) => (at === 0 ? "no nonzero" : (at - 1) * 5 + "\u2013" + at * 5 + "% nonzero");
      return [
        bars(found.bins, ["0%", "50%", "100%"], tell),
        el("p", { class: "dim small" }, lines + " by their share of nonzeros; " + grouped(found.fewest) + " to " + grouped(found.most) + " in one."),
      ];
    }

    function headsOf(heads) {
      const count = grouped(heads.count) + (heads.expected !== null && heads.expected !== heads.count ? " of " + grouped(heads.expected) : "");
      const span = [heads.fewest, heads.most].map((nonzeros) => percent(heads.elements ? nonzeros / heads.elements : null));
      const empty = heads.empty.slice(0, 24).join(", ") + (heads.empty.length > 24 ? " and more" : "");
      return count + ", " + grouped(heads.dimension) + (heads.axis ? " columns each, " : " rows each, ") + span[0] + " to " + span[1] + " nonzero" + (empty ? "; empty: " + empty : "");
    }

    function detailOf(tensor) {
      const deep = tensor.deep;
      const values = deep && deep.values;
      const structure = tensor.structure;
      const part = (zeros, all) => (all ? grouped(zeros) + " of " + grouped(all) + " (" + percent(zeros / all) + ")" : null);
      const facts = list([
        ["name", name(tensor.name)], ["use", kinds[tensor.kind] || safe(tensor.kind)], ["elements", grouped(tensor.elements)],
        ["zeros", tensor.zeros === null ? "not counted" : grouped(tensor.zeros) + " (" + percent(tensor.sparsity) + ")"],
        ["\u22120.0", tensor.negative_zeros ? grouped(tensor.negative_zeros) : null], ["NaN", tensor.nan ? grouped(tensor.nan) : null],
        ["Inf", tensor.inf ? grouped(tensor.inf) : null],
        ["summed axis", tensor.axes && tensor.axes.length ? tensor.axes.join(", ") + (tensor.axis_evidence ? " (by " + safe(tensor.axis_evidence) + ")" : "") : null],
        ["layout", safe(tensor.layout)],
        ["smallest", tensor.best && safe(tensor.best.layout) + ", " + size(tensor.best.bytes)],
        ["zero rows", structure && part(structure.zero_rows, structure.rows)],
        ["zero columns", structure && structure.zero_columns !== null && part(structure.zero_columns, structure.columns)],
        ["zero blocks of 4", structure && part(structure.zero_blocks_of_4, structure.blocks_of_4)],
        ["zero blocks of 16", deep && deep.blocks_of_16 !== null && part(deep.zero_blocks_of_16, deep.blocks_of_16)],
        ["heads", deep && deep.heads && headsOf(deep.heads)],
        ["entropy", deep && deep.plane_entropies.length ? deep.plane_entropies.map((bits) => bits.toFixed(2)).join(" + ") + " bits, high byte first" : null],
        ["compressed", deep && tensor.bytes > 0 ? "about " + size(deep.predicted_bytes) + " (" + percent(deep.predicted_bytes / tensor.bytes) + ")" : null],
        ["used by", tensor.uses && tensor.uses.consumers ? safe(String(tensor.uses.consumers)) + " nodes, as " + safe(tensor.uses.role) : null],
        ["SHA-256", tensor.digest && el("code", null, tensor.digest)],
      ]);
      const bin = values && typeof values.min === "number" && typeof values.max === "number" ? (values.max - values.min) / values.bins.length : 0;
      const patterns = patternsOf(tensor.patterns);
      return el(
        "div", { class: "grid" }, card("Tensor", facts),
        patterns && card("N:M patterns", patterns), deep && deep.density_map && card("Where nonzeros are", heatmap(tensor)),
        values && card(
          "Values",
          values.bins.length > 0 && [
            bars(values.bins, [real(values.min), real(values.max)], (at) => real(values.min + bin * at) + " to " + real(values.min + bin * (at + 1)), true),
            el("p", { class: "dim small" }, "Finite values, zeros too; heights are logarithmic."),
          ],
          list([["least", real(values.min)], ["greatest", real(values.max)], ["mean", real(values.mean)], ["deviation", real(values.deviation)]])
        ),
        deep && deep.row_densities && card("Rows", densities(deep.row_densities, "Rows")),
        deep && deep.column_densities && card("Columns", densities(deep.column_densities, "Columns")),
        quantizationOf(tensor.quantization),
        tensor.masked && card("With its mask applied", list([["mask", name(tensor.masked.mask)], ["zeros", percent(tensor.masked.sparsity)]]), patternsOf(tensor.masked.patterns))
      );
    }
    """#

  /// The fifth part: the table of tensors, which is sorted and filtered as data and drawn a hundred rows at a time.
  static let tableScript = #"""
    const collator = new Intl.Collator("en", { numeric: true });
    const columns = [
      { key: "name", title: "Tensor", css: "first", value: (row) => row.rank },
      { key: "type", title: "Type", value: (row) => row.tensor.dtype },
      { key: "shape", title: "Shape", css: "shape", value: (row) => row.tensor.elements, down: true },
      { key: "size", title: "Bytes", css: "number", value: (row) => row.tensor.bytes, down: true },
      { key: "zeros", title: "Zeros", css: "zeros", value: (row) => row.tensor.sparsity, down: true },
      { key: "patterns", title: "N:M", css: "patterns", value: (row) => row.strictness, down: true },
      { key: "layout", title: "Layout", css: "layout wide", value: (row) => row.tensor.layout },
      { key: "quantization", title: "Quantization", css: "quantization", value: (row) => (row.tensor.quantization ? row.tensor.quantization.scheme : null) },
      { key: "best", title: "Smallest", css: "best", value: (row) => row.saving, down: true },
    ];
    function rowsOf(model) {
      const rows = model.tensors.map((tensor) => {
        const holding = Object.entries(tensor.patterns || {}).filter(([, found]) => found.compliant).map(([pattern]) => pattern);
        const kept = holding.map((pattern) => pattern.split(":").map(Number)).map(([n, m]) => 1 - n / m);
        return {
          tensor, holding, strictness: kept.length ? Math.max(...kept) : null, lower: tensor.name.toLowerCase(),
          saving: tensor.best ? tensor.bytes / Math.max(1, tensor.best.bytes) : null, open: false,
        };
      });
      [...rows].sort((a, b) => collator.compare(a.tensor.name, b.tensor.name)).forEach((row, rank) => { row.rank = rank; });
      return rows;
    }
    function cellsOf(row) {
      const tensor = row.tensor;
      const best = tensor.best;
      return [
        el("button", { type: "button", "aria-expanded": String(row.open) }, name(tensor.name, 96)),
        safe(tensor.dtype), extents(tensor.shape), size(tensor.bytes),
        tensor.sparsity === null || !tensor.elements ? el("span", { class: "dim" }, tensor.elements ? "not counted" : "\u2013") : [bar(tensor.sparsity), el("b", null, percent(tensor.sparsity))],
        row.holding.map((pattern) => el("span", { class: "tag good" }, pattern)), safe(tensor.layout),
        tensor.quantization ? safe(tensor.quantization.scheme) : null,
        best && best.bytes < tensor.bytes ? [el("span", { class: "tag" }, safe(best.layout)), " " + ratio(tensor.bytes, best.bytes)] : null,
      ];
    }

    const batch = 100;
    function tensorsOf(model, state) {
      const rows = rowsOf(model);
      const hasSchemes = rows.some((row) => row.tensor.quantization);
      const shownColumns = columns.filter((column) => column.key !== "quantization" || hasSchemes);
      const body = el("tbody");
      const total = el("span", { class: "count", role: "status" });
      const more = el("button", { class: "more", type: "button", click: () => append() }, "More rows");
      const empty = el("p", { class: "empty" }, rows.length ? "No tensor is like that." : "There is no tensor.");
      let shown = rows;
      let drawn = 0;

      function draw(row) {
        const cells = cellsOf(row);
        const line = el("tr", { class: row.open ? "row open" : "row" }, shownColumns.map((column) => el("td", { class: column.css }, cells[columns.indexOf(column)])));
        line.addEventListener("click", () => {
          if (String(getSelection()) !== "") return;
          row.open = !row.open;
          line.classList.toggle("open", row.open);
          line.querySelector("button").setAttribute("aria-expanded", String(row.open));
          if (row.open) { line.after(detail(row)); redraw(); } else { line.nextSibling.remove(); }
          state.open = row.open ? row.tensor.name : null;
          remember();
        });
        return row.open ? [line, detail(row)] : [line];
      }
      const detail = (row) => el("tr", { class: "detail" }, el("td", { colspan: shownColumns.length }, detailOf(row.tensor)));
      function append() {
        const lines = shown.slice(drawn, drawn + batch).flatMap(draw);
        drawn = Math.min(shown.length, drawn + batch);
        body.append(...lines);
        more.hidden = drawn >= shown.length;
        redraw();
      }
      function apply() {
        const started = performance.now();
        const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean);
        const column = columns.find((one) => one.key === state.sort) || columns[0];
        shown = rows.filter((row) =>
          words.every((word) => row.lower.includes(word)) && (!state.type || row.tensor.dtype === state.type) &&
          (!state.kind || row.tensor.kind === state.kind) && (!state.pattern || row.holding.includes(state.pattern))
        );
        const keys = new Map(shown.map((row) => [row, column.value(row)]));
        const sign = state.descending ? -1 : 1;
        shown.sort((left, right) => {
          const [a, b] = [keys.get(left), keys.get(right)];
          if (a === b) return left.rank - right.rank;
          if (a === null || a === undefined) return 1;
          if (b === null || b === undefined) return -1;
          return a < b ? -sign : sign;
        });
        total.textContent = shown.length === rows.length ? things(rows.length, "tensor") : grouped(shown.length) + " of " + things(rows.length, "tensor");
        for (const [key, head] of heads) {
          if (key === column.key) head.setAttribute("aria-sort", state.descending ? "descending" : "ascending");
          else head.removeAttribute("aria-sort");
        }
        body.replaceChildren();
        drawn = 0;
        append();
        empty.hidden = shown.length > 0;
        performance.measure("lacuna-table", { start: started });
        remember();
      }
      function sortBy(key) {
        const column = columns.find((one) => one.key === key);
        state.descending = state.sort === key ? !state.descending : Boolean(column.down);
        state.sort = key;
        order.value = key;
        apply();
      }
      const heads = shownColumns.map((column) => [
        column.key, el("th", { class: column.css, scope: "col" }, el("button", { type: "button", click: () => sortBy(column.key) }, column.title)),
      ]);
      const choices = (label, key, values, words) => values.length > (key === "pattern" ? 0 : 1) && choose(label, key, values, words);
      function choose(label, key, values, words) {
        const select = el(
          "select", { "aria-label": label, change: () => { state[key] = select.value; apply(); } },
          el("option", { value: "" }, label), values.map((value) => el("option", { value }, words ? words[value] || safe(value) : safe(value)))
        );
        select.value = state[key];
        if (select.selectedIndex < 0) { state[key] = ""; select.value = ""; }
        return select;
      }
      const each = (values) => [...new Set(values)].sort(collator.compare);
      const search = el("input", { type: "search", placeholder: "Filter by name", "aria-label": "Filter by name", spellcheck: "false", input: () => { state.filter = search.value; apply(); } });
      search.value = state.filter;
      const order = el("select", { class: "order", "aria-label": "Order", change: () => sortBy(order.value) }, shownColumns.map((column) => el("option", { value: column.key }, "by " + column.title)));
      order.value = state.sort;
      const chosen = rows.find((row) => row.tensor.name === state.open);
      if (chosen) chosen.open = true;
      const section = panel(
        "Tensors",
        el(
          "div", { class: "tools" }, search, choices("All types", "type", each(rows.map((row) => row.tensor.dtype))),
          choices("All uses", "kind", each(rows.map((row) => row.tensor.kind)), kinds),
          choices("Any pattern", "pattern", each(rows.flatMap((row) => row.holding))), order, total
        ),
        el("table", { class: "list" }, el("thead", null, el("tr", null, heads.map(([, head]) => head))), body), empty, more
      );
      apply();
      // Rows come as they are needed; the button stays for who has no scrolling.
      new IntersectionObserver((seen) => { if (seen.some((entry) => entry.isIntersecting) && !more.hidden) append(); }, { rootMargin: "600px" }).observe(more);
      return section;
    }
    """#

  /// The last part: starts all, and keeps what is chosen in the address, so that it can be passed on.
  static let startScript = #"""
    const redraws = [];
    let after = 0;
    function redraw() {
      // What is drawn by width is drawn once it stands in the page.
      for (; after < redraws.length; after += 1) if (document.body.dataset.ready) redraws[after](); else return;
    }
    const report = JSON.parse(byID("report").textContent);
    const given = new URLSearchParams(location.hash.slice(1));
    const state = {
      model: Math.max(0, Math.min(report.models.length - 1, Number(given.get("model")) || 0)), sort: given.get("sort") || "name",
      descending: false, filter: given.get("filter") || "", type: given.get("type") || "", kind: given.get("kind") || "",
      pattern: given.get("pattern") || "", open: given.get("open"),
    };
    const sorted = columns.find((column) => column.key === state.sort);
    if (!sorted) state.sort = "name";
    state.descending = given.has("order") ? given.get("order") === "down" : Boolean(sorted && sorted.down);
    function remember() {
      const words = new URLSearchParams();
      for (const key of ["filter", "type", "kind", "pattern"]) if (state[key]) words.set(key, state[key]);
      if (state.open !== null) words.set("open", state.open);
      if (state.model) words.set("model", String(state.model));
      if (state.sort !== "name" || state.descending) {
        words.set("sort", state.sort);
        words.set("order", state.descending ? "down" : "up");
      }
      try { history.replaceState(null, "", "#" + words); } catch { /* Some viewers allow no history. */ }
    }
    function show() {
      delete document.body.dataset.ready;
      redraws.length = 0;
      after = 0;
      const model = report.models[state.model];
      const parts = model.path.split(/[\/\\]/).filter((part) => part && part !== ".");
      byID("title").replaceChildren(name(parts.pop() || model.path));
      byID("path").replaceChildren(name(model.path), " \u00B7 " + safe(model.container));
      for (const button of byID("models").children) button.setAttribute("aria-pressed", String(Number(button.value) === state.model));
      byID("content").replaceChildren(
        ...[summaryOf(model), warningsOf(model), adviceOf(model), expertsOf(model), sizesOf(model), compressionOf(model), zerosByLayer(model), tensorsOf(model, state)].filter(Boolean)
      );
      document.body.dataset.ready = "yes";
      redraw();
    }
    if (report.models.length > 1) {
      byID("models").append(...report.models.map((model, at) => el("button", { type: "button", value: at, click: () => { state.model = at; state.open = null; show(); } }, name(model.path, 80))));
    }
    const again = () => { after = 0; redraw(); };
    let waiting = 0;
    addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(again, 120); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    show();
    """#
}
