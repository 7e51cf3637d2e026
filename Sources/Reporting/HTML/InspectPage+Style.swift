extension InspectPage {
  /// The page's style sheet. Colours are variables, so that light and dark differ in one place.
  static let style = #"""
    :root {
      color-scheme: light dark;
      --ground: #f6f7f9; --panel: #ffffff; --text: #1b2330; --dim: #5b6675; --line: #dde2e9; --faint: #eef1f5;
      --accent: #1f6feb; --accent-soft: #cfe0fb; --look: #9a5b00; --look-soft: #fff4e0; --good: #14794a;
      --s0: #1f6feb; --s1: #c2410c; --s2: #0f8a5f; --s3: #a21caf; --s4: #8a6d00; --s5: #0e7490; --s6: #be123c;
      --s7: #4d7c0f; --rest: #7b8594;
      --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #0f141b; --panel: #171e27; --text: #e4e9f0; --dim: #98a4b3; --line: #2b3543; --faint: #1f2833;
        --accent: #6aa6ff; --accent-soft: #23406b; --look: #f2b45c; --look-soft: #33270f; --good: #56c795;
        --s0: #6aa6ff; --s1: #ff9466; --s2: #4fd1a1; --s3: #e08bf0; --s4: #e3c04d; --s5: #5fd0e6; --s6: #ff8aa3;
        --s7: #a9d65c; --rest: #8592a3;
      }
    }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    body {
      margin: 0; background: var(--ground); color: var(--text);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
      -webkit-text-size-adjust: 100%;
    }
    main, header.top, footer { max-width: 1240px; margin: 0 auto; padding: 0 20px; }
    header.top { padding-top: 24px; }
    header.top svg { width: 22px; height: 22px; vertical-align: -5px; margin-right: 8px; fill: var(--accent); }
    .brand { color: var(--dim); font-size: 14px; }
    h1 { font-size: 26px; line-height: 1.25; margin: 6px 0 2px; overflow-wrap: anywhere; }
    h2 { font-size: 17px; margin: 0 0 12px; }
    h3 { font-size: 14px; margin: 0 0 8px; }
    p { margin: 0 0 8px; }
    .dim { color: var(--dim); }
    .small { font-size: 13px; }
    .name, code, .shape { font-family: var(--mono); font-size: 0.9em; }
    .name { unicode-bidi: isolate; overflow-wrap: anywhere; }
    .number { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
    .panel {
      background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px;
      margin: 16px 0;
    }
    .facts { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 12px; margin: 18px 0 0; }
    .fact { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; min-width: 0; }
    .fact dt { color: var(--dim); font-size: 13px; }
    .fact dd { margin: 2px 0 0; font-size: 21px; line-height: 1.3; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
    .fact .dim { font-size: 13px; display: block; }
    .warnings { background: var(--look-soft); border-color: var(--look); }
    .warnings h2 { color: var(--look); }
    .warnings ul, .advice ul, .experts ul { margin: 0; padding-left: 20px; overflow-wrap: anywhere; }
    button, select, input {
      font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 7px;
      padding: 6px 10px; min-height: 36px;
    }
    button { cursor: pointer; }
    button:hover, select:hover, input:hover { border-color: var(--accent); }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
    .models { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 14px; }
    .models button { max-width: 100%; overflow-wrap: anywhere; text-align: left; }
    .models [aria-pressed="true"] { background: var(--accent-soft); border-color: var(--accent); }
    table { border-collapse: collapse; width: 100%; }
    th, td { text-align: left; padding: 7px 10px; border-bottom: 1px solid var(--line); vertical-align: middle; }
    th { font-size: 13px; font-weight: 600; color: var(--dim); }
    th.number { text-align: right; }
    .bar { display: inline-block; height: 8px; border-radius: 4px; background: var(--faint); vertical-align: 1px; overflow: hidden; }
    .bar > i { display: block; height: 100%; background: var(--accent); border-radius: 4px; min-width: 0; }
    .sizes .bar { width: 130px; }
    .sizes code { overflow-wrap: anywhere; }
    .tools { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin-bottom: 10px; }
    .tools input[type="search"] { flex: 1 1 240px; min-width: 0; }
    .tools select { max-width: 100%; }
    .tools .order { display: none; }
    .count { margin-left: auto; color: var(--dim); font-size: 13px; font-variant-numeric: tabular-nums; }
    .list { border: 0; }
    .list > thead th { position: sticky; top: 0; background: var(--panel); padding: 0; z-index: 1; box-shadow: inset 0 -1px var(--line); border: 0; }
    .list > thead button { border: 0; background: none; width: 100%; text-align: inherit; padding: 6px 10px; color: inherit; font-weight: 600; white-space: nowrap; }
    .list th[aria-sort] button { color: var(--text); }
    .list th button::after { content: " \2195"; opacity: 0.35; }
    .list th[aria-sort="ascending"] button::after { content: " \2191"; opacity: 1; }
    .list th[aria-sort="descending"] button::after { content: " \2193"; opacity: 1; }
    .list tbody tr.row { cursor: pointer; }
    .list tbody tr.row:hover { background: var(--faint); }
    .list td { font-size: 14px; }
    .list td.first { min-width: 240px; }
    .list td.first button { border: 0; background: none; padding: 0; min-height: 0; text-align: left; display: flex; align-items: baseline; border-radius: 3px; }
    .list td.first button::before { content: "\25B8"; color: var(--dim); flex: none; width: 1.1em; }
    .list tr.open td.first button::before { content: "\25BE"; }
    .list .shape { white-space: nowrap; }
    .list th.shape { font-family: inherit; font-size: 13px; }
    .list .best { white-space: nowrap; }
    .list .zeros { white-space: nowrap; }
    .list .zeros .bar { width: 56px; margin-right: 8px; }
    .list .zeros b { font-weight: 400; display: inline-block; min-width: 3.6em; text-align: right; font-variant-numeric: tabular-nums; }
    .tag { display: inline-block; padding: 0 6px; margin: 1px 3px 1px 0; border-radius: 5px; background: var(--faint); font-size: 12.5px; white-space: nowrap; }
    .tag.good { color: var(--good); }
    .tag.look { color: var(--look); background: var(--look-soft); }
    .detail > td { background: var(--faint); padding: 16px; }
    .detail .grid { columns: 300px 3; column-gap: 14px; margin-bottom: -14px; }
    .card { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 14px; margin: 0 0 14px; break-inside: avoid; }
    .card table td, .card table th { padding: 3px 6px; font-size: 13px; }
    .card table tr:last-child td { border-bottom: 0; }
    .card dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 14px; margin: 0; font-size: 13.5px; }
    .card dt { color: var(--dim); }
    .card dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
    canvas { display: block; width: 100%; background: var(--ground); border: 1px solid var(--line); image-rendering: pixelated; }
    .ramp { height: 8px; border-radius: 4px; margin-top: 8px; background: linear-gradient(to right, var(--ground), var(--accent)); border: 1px solid var(--line); }
    .ends { display: flex; justify-content: space-between; gap: 8px; color: var(--dim); font-size: 12px; font-variant-numeric: tabular-nums; }
    .bars { display: block; width: 100%; height: 110px; fill: var(--accent); border-bottom: 1px solid var(--line); }
    .bars rect:hover { fill: var(--s1); }
    .plot { display: block; width: 100%; height: 240px; overflow: visible; }
    .plot text { fill: var(--dim); font-size: 12px; font-variant-numeric: tabular-nums; }
    .plot .rule { stroke: var(--line); stroke-width: 1; }
    .plot path { fill: none; stroke-width: 1.5; stroke-linejoin: round; }
    .plot path.all { stroke: var(--text); stroke-width: 2.5; }
    .strips { display: grid; grid-template-columns: minmax(90px, max-content) 1fr max-content; gap: 4px 12px; align-items: center; margin-top: 14px; font-size: 13px; }
    .strips svg { display: block; width: 100%; height: 16px; background: var(--faint); fill: var(--accent); }
    .strips .name { display: flex; align-items: center; line-height: 1.25; }
    .strips .name::before { content: ""; flex: none; width: 14px; height: 3px; margin-right: 7px; background: var(--swatch); }
    .c0 { stroke: var(--s0); --swatch: var(--s0); } .c1 { stroke: var(--s1); --swatch: var(--s1); }
    .c2 { stroke: var(--s2); --swatch: var(--s2); } .c3 { stroke: var(--s3); --swatch: var(--s3); }
    .c4 { stroke: var(--s4); --swatch: var(--s4); } .c5 { stroke: var(--s5); --swatch: var(--s5); }
    .c6 { stroke: var(--s6); --swatch: var(--s6); } .c7 { stroke: var(--s7); --swatch: var(--s7); }
    .rest { stroke: var(--rest); --swatch: var(--rest); } .overall { --swatch: var(--text); }
    .empty { padding: 22px 0; color: var(--dim); text-align: center; }
    .more { display: block; margin: 12px auto 0; }
    footer { color: var(--dim); font-size: 13px; padding-top: 8px; padding-bottom: 32px; }
    @media (max-width: 1080px) { .wide { display: none; } }
    @media (max-width: 760px) {
      main, header.top, footer { padding-left: 12px; padding-right: 12px; }
      .panel { padding: 14px 12px; }
      h1 { font-size: 21px; }
      .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
      .fact dd { font-size: 18px; }
      .tools .order { display: block; }
      .tools select { flex: 1 1 40%; min-width: 0; }
      .count { margin-left: 0; width: 100%; }
      .sizes thead, .list > thead { display: none; }
      .sizes tr, .list tr.row { display: flex; flex-wrap: wrap; gap: 3px 12px; align-items: center; padding: 9px 0; border-bottom: 1px solid var(--line); }
      .sizes td, .list tr.row td { border: 0; padding: 0; }
      .sizes td:first-child, .sizes td.command, .list td.first { flex: 1 1 100%; min-width: 0; }
      .list tr.row td:empty { display: none; }
      .list td.layout, .list td.wide { display: none; }
      .list td.best { display: block; }
      .detail { display: block; }
      .detail > td { display: block; padding: 10px 0 14px; border: 0; background: none; }
      .list > tbody, .list, .sizes > tbody, .sizes { display: block; }
      .strips { grid-template-columns: minmax(0, 46%) 1fr max-content; gap: 4px 8px; font-size: 12px; }
    }
    @media print { .tools, .more, .models { display: none; } body { background: none; } }
    """#
}
