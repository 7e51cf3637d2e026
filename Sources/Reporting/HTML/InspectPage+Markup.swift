extension InspectPage {
  /// The page around its parts, which stand in double braces. No address of anything else is in it, and the policy
  /// forbids to load one.
  static let markup = #"""
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src {{style-hash}}; script-src {{script-hash}}; img-src data:; base-uri 'none'; form-action 'none'">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="referrer" content="no-referrer">
    <meta name="generator" content="lacuna {{version}}">
    <link rel="icon" href="data:,">
    <title>{{title}}</title>
    <style>{{style}}</style>
    </head>
    <body>
    <header class="top">
    <div class="brand"><svg viewBox="0 0 8 8" aria-hidden="true"><path d="M0 0h2v2H0zM3 0h2v2H3zM0 3h2v2H0zM6 3h2v2H6zM3 6h2v2H3zM6 6h2v2H6z"/></svg>lacuna inspect</div>
    <h1 id="title">{{title}}</h1>
    <div id="path" class="dim small"></div>
    <nav id="models" class="models" aria-label="Models"></nav>
    </header>
    <main id="content">
    <noscript><p class="panel">This page is drawn by a script that it holds itself; it loads nothing. Without scripts, use lacuna inspect.</p></noscript>
    </main>
    <footer>Written by lacuna {{version}}. Zeros are counted by value: +0 and &#x2212;0, not NaN. Sizes are decimal.</footer>
    <script type="application/json" id="report">{{report}}</script>
    <script>{{script}}</script>
    </body>
    </html>

    """#
}
