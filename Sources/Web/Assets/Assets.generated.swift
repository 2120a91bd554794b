// Written by scripts/embed-assets; edit Files/ beside it.
// swift-format-ignore-file

extension Asset {
  public static let all: [Asset] = [.`app`, .`base`, .`public`, .`live`, .`faviconDegraded`, .`faviconDown`, .`faviconMaintenance`, .`faviconPartial`, .`faviconUnknown`, .`faviconUp`, .`favicon`]

  static let `app` = Asset(name: "app.css", hash: "753681ef15dcf63e", contentType: "text/css; charset=utf-8", content: ##"""
/* Martlet: the signed-in application and its gates. Loaded after base.css. */

/* ---- app shell ---- */
.app { display: grid; grid-template-columns: var(--side-w) minmax(0, 1fr); min-height: 100vh; align-items: start; }
.app > .skip { grid-column: 1 / -1; }
.topbar { display: none; }
.side { position: sticky; top: 0; inset: auto; display: flex; flex-direction: column; gap: var(--s-5); width: auto; height: 100vh; margin: 0; padding: var(--s-4) var(--s-3); border: 0; border-inline-end: 1px solid var(--line); background: var(--bg); color: var(--ink); overflow: auto; }
.brand { display: flex; align-items: center; gap: var(--s-2); padding: 2px var(--s-2); color: var(--ink); font-size: var(--t-14); font-weight: var(--w-strong); letter-spacing: -.01em; text-decoration: none; }
.brand:hover { color: var(--ink); }
.brand .mark { width: 20px; height: 20px; }
.brand .org { color: var(--ink-3); font-weight: var(--w-text); }
.brand .org::before { content: "/"; margin-inline-end: var(--s-2); color: var(--line-2); }
.nav { display: grid; gap: 1px; }
.nav a { display: flex; align-items: center; gap: var(--s-2); min-height: 30px; padding: 0 var(--s-2); border-radius: var(--r-2); color: var(--ink-2); text-decoration: none; }
.nav a:hover { background: var(--hover); color: var(--ink); }
.nav a[aria-current] { background: var(--selected); color: var(--ink); font-weight: var(--w-mid); }
.nav .i { width: 16px; height: 16px; color: var(--ink-3); }
.nav a[aria-current] .i { color: var(--ink); }
.nav .n { margin-inline-start: auto; color: var(--ink-3); font-size: var(--t-12); font-weight: var(--w-text); }
.nav .n-down { color: var(--down); font-weight: var(--w-mid); }
.jump { display: flex; align-items: center; gap: var(--s-2); min-height: var(--control-h); padding: 0 6px 0 var(--s-2); border: 1px solid var(--line); border-radius: var(--r-2); background: var(--surface); color: var(--ink-3); text-decoration: none; }
.jump:hover { border-color: var(--line-2); color: var(--ink-2); }
kbd { margin-inline-start: auto; padding: 0 5px; border: 1px solid var(--line); border-radius: var(--r-1); color: var(--ink-3); font: var(--t-11)/18px var(--sans); }
.side-foot { margin-top: auto; display: grid; gap: var(--s-3); padding: 0 var(--s-2); font-size: var(--t-12); color: var(--ink-3); }
.side-foot a { color: inherit; }
.main { min-width: 0; max-width: 84rem; padding: var(--s-5) var(--s-6) var(--s-8); }
.main > * + * { margin-top: var(--s-5); }

/* ---- page header: one true sentence first ---- */
.page-head { display: flex; flex-wrap: wrap; gap: var(--s-3) var(--s-5); align-items: flex-start; justify-content: space-between; }
.page-head > div:first-child { flex: 1 1 28rem; min-width: 0; }
.page-head h1 { font-size: var(--t-22); line-height: 1.3; letter-spacing: -.018em; text-wrap: balance; }
.page-head p { max-width: 44rem; color: var(--ink-2); }
.page-head h1 + p, .title-row + p { margin-top: var(--s-1); }
.crumbs { display: flex; flex-wrap: wrap; gap: 0 var(--s-2); margin-bottom: var(--s-1); color: var(--ink-3); font-size: var(--t-12); }
.crumbs a { color: inherit; text-decoration: none; }
.crumbs a:hover { color: var(--ink); text-decoration: underline; }
.crumbs li + li::before { content: "/"; margin-inline-end: var(--s-2); color: var(--line-2); }
.title-row { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s-1) var(--s-3); }
.facts { display: flex; flex-wrap: wrap; gap: 2px var(--s-4); margin-top: var(--s-2); color: var(--ink-2); }
.promise { border-inline-start: 2px solid var(--accent); padding-inline-start: var(--s-3); color: var(--ink-2); max-width: 46rem; }
.promise strong { color: var(--ink); font-weight: var(--w-mid); }

/* ---- buttons ---- */
.btns { display: flex; flex-wrap: wrap; gap: var(--s-2); align-items: center; }
.btn { display: inline-flex; align-items: center; justify-content: center; gap: 6px; min-height: var(--control-h); padding: 0 var(--s-3); border: 1px solid var(--line-2); border-radius: var(--r-2); background: var(--surface); color: var(--ink); font: var(--w-mid) var(--t-13)/1.2 var(--sans); text-decoration: none; white-space: nowrap; cursor: pointer; }
.btn:hover { background: var(--hover); color: var(--ink); border-color: var(--control); }
.btn .i { width: 14px; height: 14px; }
.btn-primary { border-color: var(--primary); background: var(--primary); color: var(--on-primary); }
.btn-primary:hover { border-color: var(--primary-hover); background: var(--primary-hover); color: var(--on-primary); }
.btn-plain { border-color: transparent; background: none; color: var(--ink-2); }
.btn-plain:hover { border-color: transparent; }
.btn-danger { color: var(--down); }
.btn-danger:hover { border-color: var(--down-mark); background: var(--down-wash); color: var(--down); }
.btn-lg { min-height: 2.5rem; padding: 0 var(--s-4); font-size: var(--t-14); }
.btn-wide { width: 100%; }

/* ---- tabs and segments are links ---- */
.tabs { display: flex; gap: var(--s-4); border-bottom: 1px solid var(--line); overflow-x: auto; scrollbar-width: none; }
.tabs a { flex: none; padding: var(--s-2) 0; margin-bottom: -1px; border-bottom: 2px solid transparent; color: var(--ink-2); text-decoration: none; }
.tabs a:hover { color: var(--ink); }
.tabs a[aria-current] { border-color: var(--ink); color: var(--ink); font-weight: var(--w-mid); }
.tabs a:focus-visible { outline-offset: -2px; }
.tabs .n { color: var(--ink-3); font-weight: var(--w-text); margin-inline-start: 2px; }
.tabs .st { gap: .35em; color: inherit; }
.tabs .st .i { width: 12px; height: 12px; }
.seg { display: inline-flex; padding: 2px; border-radius: var(--r-2); background: var(--sunken); box-shadow: inset 0 0 0 1px var(--line); }
.seg a { min-width: 34px; padding: 0 var(--s-2); border-radius: 4px; color: var(--ink-2); font-size: var(--t-12); line-height: 24px; text-align: center; text-decoration: none; white-space: nowrap; }
.seg a:hover { color: var(--ink); }
.seg a[aria-current] { background: var(--surface); box-shadow: 0 0 0 1px var(--line-2); color: var(--ink); font-weight: var(--w-mid); }

/* ---- card ---- */
.card { border: 1px solid var(--line); border-radius: var(--r-3); background: var(--surface); min-width: 0; }
.card-head { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s-2) var(--s-3); padding: var(--s-3) var(--s-4); }
.card-head h2 { min-width: 0; overflow-wrap: anywhere; font-size: var(--t-14); letter-spacing: -.006em; }
.card-head h2 + p { flex: 1 1 12rem; color: var(--ink-3); font-size: var(--t-12); }
.card-head .end { margin-inline-start: auto; display: flex; flex-wrap: wrap; gap: var(--s-2); }
.card-head .btn { min-height: 1.75rem; margin-block: -2px; padding: 0 10px; font-size: var(--t-12); }
.card-head .btn-plain { margin-inline-end: -10px; }
.card-body { padding: 0 var(--s-4) var(--s-4); }
.card-head + .table { border-top: 1px solid var(--line); }
.card-head + .table.with-head { border-top: 0; }
.card-foot { padding: var(--s-3) var(--s-4); border-top: 1px solid var(--line); color: var(--ink-3); font-size: var(--t-12); }
.cols { display: grid; gap: var(--s-5); grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
.cols-21 { align-items: start; grid-template-columns: minmax(0, 2fr) minmax(0, 1fr); }
.stack > * + * { margin-top: var(--s-5); }

/* ---- stat tiles: one frame, hairlines between ---- */
.tiles { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); border: 1px solid var(--line); border-radius: var(--r-3); background: var(--surface); overflow: hidden; }
.tiles > div { padding: var(--s-3) var(--s-4); box-shadow: 1px 0 0 var(--line), 0 1px 0 var(--line); }
.tiles dt { color: var(--ink-3); font-size: var(--t-12); }
.tiles .fig { font-size: var(--t-22); line-height: 1.35; font-weight: var(--w-mid); letter-spacing: -.02em; }
.tiles .fig small { font-size: .62em; font-weight: var(--w-text); color: var(--ink-3); letter-spacing: 0; margin-inline-start: 2px; }
.tiles dd:last-child:not(.fig) { color: var(--ink-2); font-size: var(--t-12); }

/* ---- data table, beyond the plain kind ---- */
.state-for { display: block; padding-inline-start: calc(14px + .45em); color: var(--ink-3); font-size: var(--t-12); line-height: 1.35; white-space: nowrap; }
.name.clip { width: 45%; max-width: 0; }
.sub b { color: var(--tx); font-weight: var(--w-text); }
.spark { width: 132px; height: 26px; overflow: visible; }
.spark path, .spark line { vector-effect: non-scaling-stroke; fill: none; }
.spark .ln { stroke: var(--ink-3); stroke-width: 1.25; stroke-linejoin: round; }
.spark .bs { stroke: var(--line); stroke-width: 1; }
.spark .dn-band { fill: var(--down-wash); stroke: none; }
.spark .gp-band { fill: var(--unknown-wash); stroke: none; }
.spark .mt-band { fill: var(--maintenance-wash); stroke: none; }
.spark .gp { stroke: var(--unknown-mark); stroke-width: 2; stroke-dasharray: 2 2; }
.spark .dn { stroke: var(--down-mark); stroke-width: 2; }
.spark .mt { stroke: var(--maintenance-mark); stroke-width: 2; stroke-dasharray: 3 2; }
.spark .en { stroke-width: 5; stroke-linecap: round; stroke: var(--st); }
.bar-tools { display: flex; flex-wrap: wrap; gap: var(--s-2); align-items: center; }
.bar-tools .search { flex: 1 1 14rem; max-width: 24rem; }
.pager { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: var(--s-2) var(--s-4); padding: var(--s-2) var(--s-4); border-top: 1px solid var(--line); color: var(--ink-3); font-size: var(--t-12); }
.pager ol { display: flex; gap: 2px; align-items: center; }
.pager a, .pager .gap { display: block; min-width: 26px; padding: 0 6px; border-radius: var(--r-2); color: var(--ink-2); line-height: 26px; text-align: center; text-decoration: none; }
.pager a:hover { background: var(--hover); color: var(--ink); }
.pager a[aria-current] { background: var(--selected); color: var(--ink); font-weight: var(--w-strong); }

/* ---- forms ---- */
.field { display: grid; gap: 5px; align-content: start; }
legend { padding: 0; }
legend.label { margin-bottom: 3px; }
.field label, .label { font-size: var(--t-13); font-weight: var(--w-mid); }
.field .hint { color: var(--ink-3); font-size: var(--t-12); }
.input, .select, textarea.input { width: 100%; min-height: var(--control-h); padding: 5px 10px; border: 1px solid var(--control); border-radius: var(--r-2); background: var(--surface); color: var(--ink); font: var(--t-13)/1.4 var(--sans); font-variant-numeric: inherit; }
textarea.input { min-height: 5.5rem; resize: vertical; }
.input::placeholder { color: var(--ink-3); opacity: 1; }
.input:focus-visible, .select:focus-visible { outline-offset: -1px; border-color: var(--accent); border-radius: var(--r-2); }
.select { width: auto; appearance: none; padding-inline-end: 28px; background-image: linear-gradient(45deg, transparent 50%, var(--ink-2) 50%), linear-gradient(-45deg, transparent 50%, var(--ink-2) 50%); background-size: 4px 4px; background-position: right 15px center, right 11px center; background-repeat: no-repeat; }
.input-lg { min-height: 2.75rem; padding: 8px 12px; font-size: var(--t-16); }
.input[aria-invalid="true"] { border-color: var(--down-mark); box-shadow: inset 0 0 0 1px var(--down-mark); }
.error { display: flex; gap: 6px; align-items: flex-start; color: var(--down); font-size: var(--t-12); }
.error .i { width: 13px; height: 13px; margin-top: 2px; fill: var(--down-mark); stroke: none; }
.with-unit { display: flex; align-items: center; gap: var(--s-2); }
.with-unit .input { max-width: 7rem; text-align: end; }
.search { position: relative; }
.search .i { position: absolute; inset-inline-start: 10px; top: 9px; width: 14px; height: 14px; color: var(--ink-3); }
.search .input { padding-inline-start: 32px; }
.check { display: flex; gap: var(--s-2); align-items: flex-start; min-height: 24px; }
.check input { flex: none; width: 15px; height: 15px; margin: 3px 0 0; accent-color: var(--accent); }
.checks { display: flex; flex-wrap: wrap; gap: var(--s-1) var(--s-5); }
.places { max-width: 26rem; border-block: 1px solid var(--line); }
.places li { display: flex; gap: var(--s-4); align-items: center; justify-content: space-between; padding: 6px 0; }
.places li + li { border-top: 1px solid var(--line); }
.places .check { min-width: 0; overflow-wrap: anywhere; }
.places ~ :is(.error, .hint) { margin-top: var(--s-1); color: var(--ink-3); font-size: var(--t-12); }
.places ~ .error { color: var(--down); }
.places .input { flex: none; width: 4rem; text-align: end; }
.grid-2 { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: var(--s-4); }
.folds { border-block: 1px solid var(--line); }
.fold + .fold { border-top: 1px solid var(--line); }
.fold > summary::before { align-self: center; }
.fold > summary { display: grid; grid-template-columns: 12px 9rem minmax(0, 1fr); gap: var(--s-3); align-items: baseline; padding: 11px 0; cursor: pointer; list-style: none; }
.fold > summary:hover .label { text-decoration: underline; text-underline-offset: .18em; }
.fold > summary .now { color: var(--ink-3); }
.fold[open] > summary .now { visibility: hidden; }
.fold-body { display: grid; gap: var(--s-4); padding: var(--s-1) 0 var(--s-5) 24px; }
.form { display: grid; gap: var(--s-5); max-width: 44rem; }

/* ---- confirm without a dialog: the button opens its own question ---- */
.confirm { position: relative; }
.confirm > summary { list-style: none; }
.confirm[open] > summary { background: var(--hover); }
.confirm-body { display: grid; gap: var(--s-3); margin-top: var(--s-2); padding: var(--s-3) var(--s-4); border: 1px solid var(--line-2); border-inline-start: 2px solid var(--down-mark); border-radius: var(--r-2); background: var(--surface); max-width: 34rem; }

/* ---- banner ---- */
.banner { display: flex; flex-wrap: wrap; gap: var(--s-1) var(--s-3); align-items: baseline; padding: 9px var(--s-4); border: 1px solid var(--line); border-inline-start: 3px solid var(--st); border-radius: var(--r-2); background: var(--surface); color: var(--ink-2); }
.banner .st { font-weight: var(--w-mid); white-space: normal; align-items: baseline; }
.banner .st .i { position: relative; top: 2px; }
.banner p { flex: 1 1 20rem; min-width: 0; }

/* ---- empty, toast ---- */
.empty { max-width: 36rem; margin: var(--s-8) auto; }
.empty > .mark { width: 40px; height: 40px; margin-bottom: var(--s-4); color: var(--ink); }
.empty h1 { font-size: var(--t-28); line-height: 1.2; letter-spacing: -.025em; }
.empty h1 + p { margin: var(--s-2) 0 var(--s-5); color: var(--ink-2); font-size: var(--t-14); }
.one-line { display: flex; gap: var(--s-2); }
.one-line .btn { flex: none; min-height: 2.75rem; padding: 0 var(--s-4); font-size: var(--t-14); }
.paths { margin-top: var(--s-6); border-top: 1px solid var(--line); }
.paths > li { display: grid; grid-template-columns: 9rem minmax(0, 1fr); gap: var(--s-1) var(--s-4); padding: var(--s-3) 0; border-bottom: 1px solid var(--line); }
.toasts { position: fixed; inset-inline-end: var(--s-4); bottom: var(--s-4); z-index: 8; display: grid; gap: var(--s-2); max-width: min(24rem, calc(100vw - 2rem)); }
.toast { display: flex; align-items: center; gap: var(--s-3); padding: 9px var(--s-3) 9px var(--s-4); border-radius: var(--r-2); background: var(--primary); color: var(--on-primary); box-shadow: var(--float); }
.toast a, .toast button { color: inherit; font-weight: var(--w-mid); }

/* ---- kv, code, evidence ---- */
.kv { display: grid; grid-template-columns: minmax(6.5rem, max-content) minmax(0, 1fr); gap: 5px var(--s-4); }
.kv dt { color: var(--ink-3); }
.kv dd { min-width: 0; overflow-wrap: anywhere; }
.code { padding: var(--s-3) var(--s-4); border: 1px solid var(--line); border-radius: var(--r-2); background: var(--sunken); color: var(--ink-2); font: var(--t-12)/1.6 var(--mono); white-space: pre; overflow-x: auto; }
.code b { color: var(--ink); font-weight: var(--w-strong); }
.code .bad { color: var(--down); }
.code-row { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: var(--s-2); align-items: start; }

/* ---- charts: axes are text, marks are SVG, the plot stretches and strokes do not ---- */
.plot { display: grid; grid-template-columns: 2.75rem minmax(0, 1fr); gap: 0 var(--s-2); font-size: var(--t-11); line-height: 14px; color: var(--ink-3); }
.plot .y { display: flex; flex-direction: column; justify-content: space-between; margin: -7px 0; text-align: end; }
.plot .y.rows { justify-content: space-around; margin: 0; }
.plot .x { grid-column: 2; display: flex; justify-content: space-between; padding-top: 6px; }
.plot .x span { display: flex; justify-content: center; width: 0; white-space: nowrap; }
.plot .x span:first-child { justify-content: flex-start; }
.plot .x span:last-child { justify-content: flex-end; }
.plot svg { width: 100%; overflow: visible; }
.plot svg * { vector-effect: non-scaling-stroke; }
.plot-220 svg.pl { height: 220px; }
.plot-180 svg.pl { height: 180px; }
.plot .lane { grid-column: 2; height: 8px; margin-top: 14px; }
.plot .lane-label { align-self: center; margin-top: 14px; text-align: end; line-height: 8px; }
.g { stroke: var(--line); stroke-width: 1; }
.g0 { stroke: var(--line-2); stroke-width: 1; }
.ln { fill: none; stroke-width: 1.5; stroke-linejoin: round; stroke-linecap: round; }
.k1 { stroke: var(--c-1); } .k2 { stroke: var(--c-2); stroke-dasharray: 6 3; } .k3 { stroke: var(--c-3); stroke-dasharray: 1.5 3; } .k4 { stroke: var(--c-4); stroke-dasharray: 8 3 1.5 3; }
.inc { fill: var(--down-wash); }
.inc-line { stroke: var(--down-mark); stroke-width: 1.5; }
.ev-down { fill: var(--down-mark); } .ev-unknown { fill: var(--unknown-mark); } .ev-maintenance { fill: var(--maintenance-mark); } .ev-degraded { fill: var(--degraded-mark); }
.hit { fill: transparent; }
.hit + line { stroke: var(--ink); stroke-width: 1; opacity: 0; pointer-events: none; }
.hit:hover + line { opacity: .45; }
.legend { display: flex; flex-wrap: wrap; gap: var(--s-1) var(--s-4); color: var(--ink-2); font-size: var(--t-12); }
.legend li { display: inline-flex; align-items: center; gap: 6px; white-space: nowrap; }
.legend b { font-weight: var(--w-mid); color: var(--ink); }
.legend svg.key { width: 22px; height: 8px; overflow: visible; }
.legend .sw { width: 10px; height: 10px; }
/* votes: a strip per region; height and dashes say the vote, a gap that there was none, hatching that it did not count */
.votes { display: grid; grid-template-columns: fit-content(11rem) minmax(0, 1fr); gap: 6px var(--s-3); direction: ltr; }
.vote { display: contents; }
.vote .who { align-self: center; min-width: 0; color: var(--ink-2); font-size: var(--t-12); line-height: 16px; overflow-wrap: anywhere; }
.vote svg { width: 100%; height: 20px; align-self: center; overflow: visible; }
.votes path, .vk path { fill: none; vector-effect: non-scaling-stroke; }
.legend .vk { width: 22px; height: 20px; }
.v-up { stroke: var(--up-mark); stroke-width: 6; } .v-slow { stroke: var(--degraded-mark); stroke-width: 12; stroke-dasharray: 4 2; }
.v-down { stroke: var(--down-mark); stroke-width: 20; } .v-none { stroke: var(--unknown-mark); stroke-width: 2; stroke-dasharray: 2 4; }
.v-silenced { stroke: var(--unknown-mark); stroke-width: 20; stroke-dasharray: 1 4; }
.v-start { stroke: var(--ink-2); stroke-width: 1.5; stroke-dasharray: 3 2; } .v-quorum { stroke: var(--ink); stroke-width: 2; }
.votes g:hover path { opacity: .75; }
.votes .x { grid-column: 2; display: flex; justify-content: space-between; font-size: var(--t-11); line-height: 14px; color: var(--ink-3); }
.votes .x span { display: flex; justify-content: center; width: 0; white-space: nowrap; }
.votes .x span:first-child { justify-content: flex-start; }
.votes .x span:last-child { justify-content: flex-end; }
.h1 { fill: var(--ramp-1); } .h2 { fill: var(--ramp-2); } .h3 { fill: var(--ramp-3); } .h4 { fill: var(--ramp-4); } .h5 { fill: var(--ramp-5); } .h6 { fill: var(--ramp-6); }
.hf { fill: var(--down-mark); } .hn { fill: none; stroke: var(--line-2); stroke-width: 1; }
.fall { width: 100%; border-collapse: collapse; table-layout: fixed; }
.fall :is(td, th) { padding: 3px 0; font-weight: var(--w-text); white-space: nowrap; }
.fall .w1 { width: 5.5rem; }
.fall .w3 { width: 5rem; }
.fall th { color: var(--ink-2); }
.fall td:last-child { text-align: end; }
.fall svg { width: 100%; height: 14px; }
.fall tr.hop th { white-space: normal; overflow-wrap: anywhere; padding-top: var(--s-3); color: var(--ink); font-weight: var(--w-mid); }
.fall tr.hop:first-child th { padding-top: 0; }
.fall .sum :is(td, th) { border-top: 1px solid var(--line); padding-top: 6px; color: var(--ink); font-weight: var(--w-mid); }
.f1 { fill: var(--ramp-3); } .f2 { fill: var(--ramp-4); } .f3 { fill: var(--ramp-5); } .f4 { fill: var(--ramp-6); } .f5 { fill: var(--ink-3); } .f0 { fill: var(--accent); }
.phases { width: 120px; height: 8px; }

.plot, .spark, .phases, .fall svg { direction: ltr; }  /* time runs left to right in every script */

/* ---- gate: sign in, first account ---- */
.gate { min-height: 100vh; display: grid; grid-template-rows: 1fr auto; justify-items: center; padding: var(--s-5); }
.gate main { width: 100%; max-width: 24rem; align-self: center; padding: var(--s-6) 0; display: grid; gap: var(--s-5); }
.gate .mark { width: 36px; height: 36px; }
.gate h1 { font-size: var(--t-28); line-height: 1.2; letter-spacing: -.025em; }
.gate h1 + p { margin-top: var(--s-2); color: var(--ink-2); font-size: var(--t-14); }
.gate form { display: grid; gap: var(--s-4); }
.gate .input { min-height: 2.5rem; font-size: var(--t-14); }
.gate footer { color: var(--ink-3); font-size: var(--t-12); }
.gate footer a { display: inline-block; padding-block: 4px; color: inherit; }

/* ---- narrow ---- */
@media (max-width: 1100px) {
  .cols { grid-template-columns: minmax(0, 1fr); }
  .c-reg, .c-when { display: none; }
}
@media (max-width: 860px) {
  .app { display: block; }
  .topbar { position: sticky; top: 0; z-index: 5; display: flex; align-items: center; justify-content: space-between; padding: var(--s-2) var(--s-4); border-bottom: 1px solid var(--line); background: var(--bg); }
  .side:not(:popover-open) { display: none; }
  .side:popover-open { position: fixed; inset-block: 0; inset-inline: 0 auto; width: min(18rem, 86vw); height: 100dvh; box-shadow: var(--float); }
  .side::backdrop { background: rgb(0 0 0 / .35); }
  .nav a { min-height: 40px; }
  .main { padding: var(--s-4) var(--s-4) var(--s-8); }
  .main > * + * { margin-top: var(--s-4); }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .cols-21 { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 560px) {
  .grid-2, .paths > li { grid-template-columns: minmax(0, 1fr); }
  .fold > summary { grid-template-columns: 12px minmax(0, 1fr); gap: 2px var(--s-3); }
  .fold > summary .now { grid-column: 2; }
  .fold[open] > summary .now { display: none; }
  .fold-body { padding-inline-start: 0; }
  .one-line { display: grid; }
  .code-row { grid-template-columns: minmax(0, 1fr); }
  .card-head h2 + p { flex-basis: 100%; }
  .card-head p + .end { margin-inline-start: 0; }
  .title-row + p { margin-top: var(--s-2); }

  /* a table becomes rows of two or three lines; each value names itself */
  .table.folds-up thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .folds-up, .folds-up tbody { display: block; }
  .folds-up tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 4px var(--s-3); align-items: center; padding: 11px var(--s-4); border-bottom: 1px solid var(--line); }
  .folds-up tr:last-child { border-bottom: 0; }
  .folds-up td, .folds-up td:first-child, .folds-up td:last-child { padding: 0; border: 0; text-align: start; white-space: normal; }
  .folds-up td[data-l]::before { content: attr(data-l) " "; color: var(--ink-3); font-size: var(--t-12); }
  .folds-up .name { grid-column: 1 / -1; grid-row: 1; width: auto; max-width: none; min-width: 0; }
  .folds-up .name a { max-width: calc(100% - 7.5rem); }
  .plot .x span:nth-child(even), .votes .x span:nth-child(even) { visibility: hidden; }
  .votes { grid-template-columns: minmax(0, 1fr); gap: 2px; }
  .votes .x { grid-column: 1; }
  .vote svg { margin-bottom: var(--s-2); }
  .bar-tools .search { flex-basis: 100%; max-width: none; }
  .bar-tools .select { flex: 1 1 0; min-width: 0; }
  .folds-up .c-state { grid-column: 2; grid-row: 1; justify-self: end; align-self: start; }
  .folds-up .c-spark { grid-column: 1; grid-row: 2 / span 2; }
  .folds-up .c-spark .spark { width: 100%; max-width: 190px; }
  .folds-up .c-b { grid-column: 2; justify-self: end; font-size: var(--t-12); }
  .folds-up .c-wide { grid-column: 1 / -1; }
  .folds-up .c-hide { display: none; }
  .folds-up .state-for { display: none; }
  .folds-up.three tr { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .three .name { grid-column: 1 / 3; }
  .three .c-state { grid-column: 3; }
  .three .c-b { grid-column: auto; justify-self: start; }
  .three .c-b.last { justify-self: end; }
}
@media print {
  .side, .topbar, .btns, .toasts, .bar-tools, .pager, .tabs { display: none; }
  .app { display: block; }
}

/* ---- what the shell needs beyond the drawn pages ---- */
.link { padding: 0; border: 0; background: none; color: inherit; font: inherit; text-decoration: underline; text-underline-offset: .18em; cursor: pointer; min-height: 24px; }
.side-who { display: flex; flex-wrap: wrap; gap: 0 .4em; align-items: center; }
.side-who a { display: inline-block; padding-block: 3px; }
.side .org { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.switch summary { display: flex; gap: var(--s-2); align-items: center; min-height: 24px; cursor: pointer; list-style: none; }
.banners:empty { display: none; }
.banners + * { margin-top: 0; }
.banners:not(:empty) + * { margin-top: var(--s-5); }
.banners > * + * { margin-top: var(--s-2); }
.tiles-4 { grid-template-columns: repeat(4, minmax(0, 1fr)); }
.empty-note { padding-top: var(--s-4); }
.empty-note p + p { color: var(--ink-2); }
.empty-note b { font-weight: var(--w-mid); }
.sub.wraps { white-space: normal; overflow: visible; overflow-wrap: anywhere; }
.btns.end { justify-content: flex-end; }
td .btn { min-height: 1.75rem; padding: 0 10px; font-size: var(--t-12); }
td .select { min-height: 1.75rem; padding-block: 2px; font-size: var(--t-12); }
td .days { min-width: 15rem; }
td.name b { font-weight: var(--w-mid); }
td.name, .kv dd, .facts span, .facts a { overflow-wrap: anywhere; }
.folds-up td .when, td time { white-space: nowrap; }
.once { border-inline-start: 3px solid var(--accent); }
.timeline p + p + p { margin-top: var(--s-1); }
.name.clip a { max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; vertical-align: bottom; }
.field .hint q { quotes: none; color: var(--ink-2); }
.check span { min-width: 0; overflow-wrap: anywhere; }
.card > .card-body:first-child { padding-top: var(--s-4); }
.refusal { max-width: 36rem; }
.refusal-code { color: var(--ink-3); }
.refusal h1 { font-size: var(--t-28); line-height: 1.2; letter-spacing: -.025em; }
.refusal h1 + p { margin-top: var(--s-2); color: var(--ink-2); }
.gate .banner { font-size: var(--t-13); }
.days { width: 100%; aspect-ratio: 540 / 30; direction: ltr; }
.d-up { stroke: var(--up-bar); } .d-degraded { stroke: var(--degraded-mark); } .d-partial { stroke: var(--partial-mark); } .d-down { stroke: var(--down-mark); } .d-maintenance { stroke: var(--maintenance-mark); } .d-none { stroke: var(--unknown-mark); }
.days path, .key-days path { fill: none; stroke-width: 4; }
.key-days { display: flex; flex-wrap: wrap; gap: var(--s-1) var(--s-4); margin-top: var(--s-4); color: var(--ink-3); font-size: var(--t-12); }
.key-days li { display: flex; gap: 7px; align-items: center; }
.key-days svg { width: 8px; height: 20px; }

/* ---- palette and help: the one thing that floats over a page ---- */
.palette { width: min(34rem, calc(100vw - 2rem)); margin: 12vh auto auto; padding: var(--s-2); border: 1px solid var(--line-2); border-radius: var(--r-3); background: var(--surface); color: var(--ink); box-shadow: var(--float); }
.palette::backdrop { background: rgb(0 0 0 / .35); }
.palette ul { max-height: 50vh; margin-top: var(--s-2); overflow: auto; }
.palette li { display: flex; justify-content: space-between; gap: var(--s-3); padding: 7px var(--s-3); border-radius: var(--r-2); cursor: pointer; }
.palette li[aria-selected="true"] { background: var(--selected); }
.help { padding: var(--s-5); }
.help > * + * { margin-top: var(--s-4); }

/* ---- the landing page ---- */
.land { max-width: var(--public-w); margin: 0 auto; padding: 0 var(--s-5); }
.land-head { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: var(--s-3); padding: var(--s-5) 0; }
.land-answer { padding: var(--s-8) 0 var(--s-7); }
.land-answer h1 { max-width: 16em; font-size: clamp(1.75rem, 1.2rem + 2.6vw, var(--t-40)); line-height: 1.14; letter-spacing: -.032em; text-wrap: balance; }
.land-answer p { max-width: 42rem; margin-top: var(--s-3); color: var(--ink-2); font-size: var(--t-16); }
.land-list { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: var(--s-5) var(--s-7); padding: var(--s-6) 0; border-block: 1px solid var(--line); }
.land-list h2 { font-size: var(--t-16); }
.land-list p { color: var(--ink-2); font-size: var(--t-14); }
.land-foot { padding: var(--s-5) 0 var(--s-7); color: var(--ink-3); font-size: var(--t-12); }
@media (max-width: 860px) {
  .tiles-4 { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .switch .btn { min-height: 2rem; }
  .banners:not(:empty) + * { margin-top: var(--s-4); }
}
@media (max-width: 560px) {
  .folds-up .c-spark .days { min-width: 0; width: 100%; max-width: none; }
  .folds-up .name.clip a { max-width: calc(100% - 7.5rem); }
  .folds-up td { min-width: 0; overflow-wrap: anywhere; }
  .folds-up td.c-wide:empty, .folds-up td.c-wide:has(> .btns:empty) { display: none; }
  .folds-up .btns.end { justify-content: flex-start; }
  .folds-up .btns.end:empty { display: none; }
}

.log { table-layout: fixed; }
.log th:nth-child(1) { width: 24%; }
.log th:nth-child(2) { width: 13%; }
.log th:nth-child(4) { width: 25%; }
.log th:nth-child(5) { width: 13%; }
.log td { overflow-wrap: anywhere; }
.log td time { white-space: normal; }
@media (max-width: 560px) {
  .folds-up.three .name a { max-width: 100%; }
  .folds-up.three .c-b .when, .folds-up.three .c-b time { white-space: normal; }
  .folds-up.log .c-state { grid-column: 1 / -1; grid-row: 1; justify-self: start; }
  .folds-up.log .name { grid-column: 1 / -1; grid-row: 2; }
}

/* ---- regions: a group of rows each, its workers under it ---- */
.regions .group > * { padding-block: var(--s-2); border-block: 1px solid var(--line); background: var(--sunken); }
.regions tbody:first-of-type .group > * { border-top: 0; }
.regions .group > th { color: var(--ink-2); font-size: var(--t-13); text-align: start; white-space: normal; }
.regions .group b { color: var(--ink); font-weight: var(--w-strong); }
.regions .group .sub { margin-top: 2px; max-width: 44rem; }
.regions .nobody > td { color: var(--ink-2); }
.regions .nobody q { quotes: none; font-weight: var(--w-mid); }
.form.short { max-width: 26rem; }
.code.wrapped { white-space: pre-wrap; overflow-wrap: anywhere; }
.fold.plain { display: grid; grid-template-columns: 9rem minmax(0, 1fr); gap: var(--s-3); align-items: baseline; padding: 11px 0 11px 24px; }
.fold.plain .now { color: var(--ink-3); }
@media (max-width: 560px) {
  .regions .group { background: var(--sunken); }
  .regions .group > th { padding: 0; border: 0; background: none; }
  .regions .group > td { border: 0; background: none; }
  .regions tbody + tbody .group { border-top: 1px solid var(--line); }
  .regions tbody tr:last-child { border-bottom: 0; }
  .regions .nobody { display: block; }
  .fold.plain { grid-template-columns: minmax(0, 1fr); gap: 2px; }
}
.kv time { white-space: normal; }
.regions td.name { min-width: 9rem; }
@media (min-width: 561px) and (max-width: 1240px) {
  #region-list { overflow-x: auto; }
}
@media (min-width: 1241px) {
  .regions .confirm-body { position: absolute; z-index: 2; inset-inline-end: 0; width: 22rem; box-shadow: var(--float); white-space: normal; }
}
@media (max-width: 560px) {
  #slots .table :is(th, td) { padding-inline: 6px; overflow-wrap: anywhere; }
  #slots .table :is(th, td):first-child { padding-inline-start: var(--s-4); }
}
.texts .table th { white-space: normal; }
.texts .table th[scope="rowgroup"] { padding-block: var(--s-3) 4px; color: var(--ink); overflow-wrap: anywhere; }
.texts[open] { overflow-x: auto; }
.confirm-body .btn { height: auto; padding-block: 4px; white-space: normal; overflow-wrap: anywhere; }

"""##)

  static let `base` = Asset(name: "base.css", hash: "e3f4ae93f5fe5c4c", contentType: "text/css; charset=utf-8", content: ##"""
/* Martlet: what every page needs. The tokens are the only place where a colour or a size is a literal.
   Light is the base; the dark block stands twice (system and override), and a test checks that both agree. */
:root {
  color-scheme: light;

  /* type: Inter where it is installed, else the system's face; never downloaded */
  --sans: "Inter Variable", Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --t-11: .6875rem;  /* axis labels only */
  --t-12: .75rem;    /* captions, table heads */
  --t-13: .8125rem;  /* dashboard text */
  --t-14: .875rem;   /* controls, dashboard lead */
  --t-16: 1rem;      /* public text */
  --t-18: 1.125rem;
  --t-22: 1.375rem;  /* dashboard sentence, figures */
  --t-28: 1.75rem;
  --t-40: 2.5rem;    /* public sentence */
  --w-text: 400;
  --w-mid: 500;
  --w-strong: 600;

  /* space: steps of 4 */
  --s-1: .25rem;
  --s-2: .5rem;
  --s-3: .75rem;
  --s-4: 1rem;
  --s-5: 1.5rem;
  --s-6: 2rem;
  --s-7: 3rem;
  --s-8: 4rem;

  --r-1: 3px;        /* marks in charts, code */
  --r-2: 6px;        /* controls */
  --r-3: 10px;       /* cards */
  --control-h: 2rem;
  --side-w: 14.5rem;
  --public-w: 65rem;

  /* paper and ink */
  --bg: #fbfbf9;
  --surface: #ffffff;
  --sunken: #f4f4f0;
  --hover: #f7f7f4;
  --selected: #efefea;
  --line: #e7e6e1;
  --line-2: #d3d2cb;
  --control: #8b8d92;   /* 3:1 edge of a field */
  --ink: #17181b;
  --ink-2: #4f5259;
  --ink-3: #676a71;
  --primary: #1b1c20;
  --primary-hover: #35373d;
  --on-primary: #ffffff;

  /* the one accent: links, focus, selection, data */
  --accent: #1f4fd1;
  --accent-hover: #173fab;
  --accent-wash: #edf1fd;

  /* states: text, mark (3:1 graphics), wash */
  --up: #0e6b43;          --up-mark: #2b9a66;          --up-wash: #e8f4ed;
  --degraded: #7a5200;    --degraded-mark: #b88100;    --degraded-wash: #fbf3dc;
  --partial: #9d430a;     --partial-mark: #d7661a;     --partial-wash: #fcefe4;
  --down: #b01f29;        --down-mark: #cf2e37;        --down-wash: #fdecea;
  --maintenance: #6a3fa6; --maintenance-mark: #8a63c4; --maintenance-wash: #f3eefb;
  --unknown: #4f5259;     --unknown-mark: #84878d;     --unknown-wash: #efefec;
  --paused: #676a71;      --paused-mark: #84878d;      --paused-wash: #efefec;

  --up-bar: #3fa276;    /* ninety quiet days: calmer, still 3:1 */

  /* data: region lines (also told apart by dash) and one ramp of the accent */
  --c-1: #1f4fd1;
  --c-2: #0b7f93;
  --c-3: #9a3fb0;
  --c-4: #5a6270;
  --ramp-1: #e3e9fb;
  --ramp-2: #bccbf5;
  --ramp-3: #8ba5ec;
  --ramp-4: #567be0;
  --ramp-5: #1f4fd1;
  --ramp-6: #12307f;

  /* elevation: a border first; the shadow only for what floats */
  --float: 0 1px 2px rgb(20 20 15 / .06), 0 8px 24px rgb(20 20 15 / .10);
}

@media (prefers-color-scheme: dark) {
  :root:not([data-theme="light"]) {
    color-scheme: dark;
    --bg: #0e0f11;
    --surface: #141518;
    --sunken: #0a0b0c;
    --hover: #191a1e;
    --selected: #1f2125;
    --line: #25272b;
    --line-2: #3a3d43;
    --control: #73777f;
    --ink: #ededeb;
    --ink-2: #b1b4ba;
    --ink-3: #8f939b;
    --primary: #ededeb;
    --primary-hover: #ffffff;
    --on-primary: #131416;
    --accent: #8fa8ff;
    --accent-hover: #b3c4ff;
    --accent-wash: #171d33;
    --up: #62cf9b;          --up-mark: #2f9e6c;          --up-wash: #10231a;
    --degraded: #e2b647;    --degraded-mark: #c99a2b;    --degraded-wash: #282010;
    --partial: #f39c60;     --partial-mark: #dd7535;     --partial-wash: #2b1c11;
    --down: #ff8c87;        --down-mark: #e8514f;        --down-wash: #321617;
    --maintenance: #c5a9f5; --maintenance-mark: #9a78de; --maintenance-wash: #211a31;
    --unknown: #b1b4ba;     --unknown-mark: #777b84;     --unknown-wash: #1d1f22;
    --paused: #8f939b;      --paused-mark: #777b84;      --paused-wash: #1d1f22;
    --up-bar: #27805b;
    --c-1: #8fa8ff;
    --c-2: #45b8cc;
    --c-3: #d78ae8;
    --c-4: #a2a8b4;
    --ramp-1: #161d35;
    --ramp-2: #1f2d5c;
    --ramp-3: #2d4591;
    --ramp-4: #4467cf;
    --ramp-5: #7f9bff;
    --ramp-6: #bccaff;
    --float: 0 0 0 1px rgb(255 255 255 / .06), 0 12px 32px rgb(0 0 0 / .5);
  }
}

:root[data-theme="dark"] {
    color-scheme: dark;
    --bg: #0e0f11;
    --surface: #141518;
    --sunken: #0a0b0c;
    --hover: #191a1e;
    --selected: #1f2125;
    --line: #25272b;
    --line-2: #3a3d43;
    --control: #73777f;
    --ink: #ededeb;
    --ink-2: #b1b4ba;
    --ink-3: #8f939b;
    --primary: #ededeb;
    --primary-hover: #ffffff;
    --on-primary: #131416;
    --accent: #8fa8ff;
    --accent-hover: #b3c4ff;
    --accent-wash: #171d33;
    --up: #62cf9b;          --up-mark: #2f9e6c;          --up-wash: #10231a;
    --degraded: #e2b647;    --degraded-mark: #c99a2b;    --degraded-wash: #282010;
    --partial: #f39c60;     --partial-mark: #dd7535;     --partial-wash: #2b1c11;
    --down: #ff8c87;        --down-mark: #e8514f;        --down-wash: #321617;
    --maintenance: #c5a9f5; --maintenance-mark: #9a78de; --maintenance-wash: #211a31;
    --unknown: #b1b4ba;     --unknown-mark: #777b84;     --unknown-wash: #1d1f22;
    --paused: #8f939b;      --paused-mark: #777b84;      --paused-wash: #1d1f22;
    --up-bar: #27805b;
    --c-1: #8fa8ff;
    --c-2: #45b8cc;
    --c-3: #d78ae8;
    --c-4: #a2a8b4;
    --ramp-1: #161d35;
    --ramp-2: #1f2d5c;
    --ramp-3: #2d4591;
    --ramp-4: #4467cf;
    --ramp-5: #7f9bff;
    --ramp-6: #bccaff;
    --float: 0 0 0 1px rgb(255 255 255 / .06), 0 12px 32px rgb(0 0 0 / .5);
}

/* ---- ground ---- */
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: var(--s-6); }
body { margin: 0; background: var(--bg); color: var(--ink); font: var(--w-text) var(--t-13)/1.5385 var(--sans); font-variant-numeric: tabular-nums; -webkit-font-smoothing: antialiased; overflow-wrap: break-word; }
body.public { font-size: var(--t-16); line-height: 1.5; }
h1, h2, h3, p, ul, ol, dl, dd, figure, table, pre, fieldset { margin: 0; padding: 0; }
h1, h2, h3, th, legend { font-weight: var(--w-strong); font-size: inherit; line-height: inherit; text-align: start; }
ul, ol { list-style: none; }
fieldset { border: 0; min-width: 0; }
a { color: var(--accent); text-decoration: underline; text-decoration-color: color-mix(in srgb, currentColor 35%, transparent); text-underline-offset: .18em; text-decoration-thickness: 1px; }
a:hover { color: var(--accent-hover); text-decoration-color: currentColor; }
p { text-wrap: pretty; }
main:focus { outline: none; }
code, pre, .mono { font-family: var(--mono); font-size: .94em; font-variant-ligatures: none; }
time { white-space: nowrap; }
abbr[title] { text-decoration: none; cursor: help; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: var(--r-1); }
::selection { background: var(--accent-wash); }
svg { display: block; }
.ko { fill: none; stroke: var(--surface); stroke-width: 1.9; }
.i { width: 1em; height: 1em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }
.mark { fill: currentColor; stroke: none; }
.sprite, .only-60, .only-45 { display: none; }
.vh { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; inset-inline-start: var(--s-3); top: -6rem; z-index: 9; padding: var(--s-2) var(--s-3); background: var(--surface); border: 1px solid var(--line-2); border-radius: var(--r-2); }
.skip:focus { top: var(--s-3); }
.quiet { color: var(--ink-3); }
.soft { color: var(--ink-2); }
.num { text-align: end; white-space: nowrap; }
.small { font-size: var(--t-12); }

/* ---- state: a shape, a word, a colour, in this order ---- */
.st { display: inline-flex; align-items: center; gap: .45em; color: var(--ink); white-space: nowrap; }
.st .i { width: 14px; height: 14px; stroke: none; fill: var(--st); color: var(--st); }
.st-up { --st: var(--up-mark); --tx: var(--up); --wash: var(--up-wash); }
.st-degraded { --st: var(--degraded-mark); --tx: var(--degraded); --wash: var(--degraded-wash); }
.st-partial, .st-unconfirmed { --st: var(--partial-mark); --tx: var(--partial); --wash: var(--partial-wash); }
.st-down { --st: var(--down-mark); --tx: var(--down); --wash: var(--down-wash); }
.st-maintenance { --st: var(--maintenance-mark); --tx: var(--maintenance); --wash: var(--maintenance-wash); }
.st-unknown, .st-pending { --st: var(--unknown-mark); --tx: var(--unknown); --wash: var(--unknown-wash); }
.st-paused { --st: var(--paused-mark); --tx: var(--paused); --wash: var(--paused-wash); }
.st:not(.st-up) { color: var(--tx); }
.st.st-up { color: var(--ink-2); }
.chip { padding: 1px 8px 1px 6px; border-radius: 99px; background: var(--wash); color: var(--tx) !important; font-size: var(--t-12); line-height: 20px; font-weight: var(--w-mid); }

/* ---- table: the plain kind ---- */
.table { width: 100%; border-collapse: collapse; }
.table th { padding: 6px var(--s-3); border-bottom: 1px solid var(--line); color: var(--ink-3); font-size: var(--t-12); font-weight: var(--w-text); white-space: nowrap; }
.table th a { display: inline-block; padding-block: 4px; margin-block: -4px; color: inherit; text-decoration: none; }
.table th a:hover { color: var(--ink); }
.table th[aria-sort] { color: var(--ink); }
.table th .i { display: inline; width: 10px; height: 10px; margin-inline-start: 3px; }
.table td { padding: 7px var(--s-3); border-bottom: 1px solid var(--line); vertical-align: middle; }
.table tr:last-child > td { border-bottom: 0; }
.table tbody tr:hover { background: var(--hover); }
.table :is(th, td):first-child { padding-inline-start: var(--s-4); }
.table :is(th, td):last-child { padding-inline-end: var(--s-4); }
.table th.num { text-align: end; }
td .st { vertical-align: top; }
.name a { display: inline-block; min-width: 24px; padding-block: 3px; margin-block: -3px; color: var(--ink); font-weight: var(--w-mid); text-decoration: none; }
.name a:hover { text-decoration: underline; }
.name .sub, .sub { display: block; overflow: hidden; color: var(--ink-3); font-size: var(--t-12); line-height: 1.35; text-overflow: ellipsis; white-space: nowrap; }

/* ---- timeline ---- */
.timeline { --when: 4.5rem; }
.public .timeline { --when: 9rem; }
.timeline > li { position: relative; display: grid; grid-template-columns: var(--when) minmax(0, 1fr); gap: 0 var(--s-6); padding-bottom: var(--s-4); }
.timeline > li:last-child { padding-bottom: 0; }
.timeline > li::before { content: ""; position: absolute; inset-inline-start: calc(var(--when) + var(--s-6) / 2 - 4px); top: .52em; width: 7px; height: 7px; border-radius: 50%; background: var(--bg); box-shadow: inset 0 0 0 1.5px var(--ink-3); }
.timeline > li.now::before { background: var(--tx, var(--ink)); box-shadow: 0 0 0 3px var(--wash, var(--sunken)); }
.timeline > li:not(:last-child)::after { content: ""; position: absolute; inset-inline-start: calc(var(--when) + var(--s-6) / 2 - 1px); top: calc(.52em + 12px); bottom: calc(-.52em + 5px); width: 1px; background: var(--line-2); }
.timeline .when { color: var(--ink-3); white-space: nowrap; }
.timeline p { color: var(--ink-2); max-width: 40rem; }
.timeline .what { color: var(--ink); font-weight: var(--w-strong); }

/* ---- the same as text ---- */
summary::-webkit-details-marker { display: none; }
.chev::before, .fold > summary::before { content: ""; width: 6px; height: 6px; border: solid var(--ink-3); border-width: 0 1.5px 1.5px 0; transform: rotate(-45deg); transition: transform .12s; }
details[open] > summary.chev::before, details[open] > summary .chev::before, .fold[open] > summary::before { transform: translateY(-2px) rotate(45deg); }
.texts { margin-top: var(--s-3); font-size: var(--t-13); color: var(--ink-2); }
.texts summary { color: var(--ink-3); cursor: pointer; list-style: none; display: inline-flex; gap: var(--s-2); align-items: center; min-height: 24px; }
.texts .table { margin-top: var(--s-2); }
.texts .table :is(th, td) { padding-inline: 0 var(--s-3); }
.texts .table :is(th, td):last-child { padding-inline-end: 0; }
.texts .table td.num { white-space: normal; }

/* ---- narrow, forced colours, print ---- */
@media (max-width: 560px) {
  .timeline > li { grid-template-columns: minmax(0, 1fr); padding-inline-start: 22px; }
  .timeline > li::before { inset-inline-start: 1px; }
  .timeline > li:not(:last-child)::after { inset-inline-start: 4px; }
  .timeline .when { order: 2; text-align: start; font-size: var(--t-12); }
  .timeline p { order: 3; }
}
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { transition: none !important; animation: none !important; }
}
@media (forced-colors: active) {
  .st .i, .days path { forced-color-adjust: none; }
}
@media print {
  :root { color-scheme: light; --bg: #fff; --surface: #fff; }
  body { font-size: 10pt; }
  .skip, .live-state { display: none; }
  .card, .open-inc, .svc, .timeline > li, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  a { color: inherit; }
}

"""##)

  static let `public` = Asset(name: "public.css", hash: "7b34cc966b4a42ac", contentType: "text/css; charset=utf-8", content: ##"""
/* Martlet: the public page. Loaded after base.css. */

/* ---- public page ---- */
.pub { max-width: var(--public-w); margin: 0 auto; padding: 0 var(--s-5); }
.pub-head { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: var(--s-2) var(--s-5); padding: var(--s-5) 0; font-size: var(--t-14); }
.pub-head .who { color: var(--ink); font-weight: var(--w-strong); font-size: var(--t-16); letter-spacing: -.015em; text-decoration: none; }
.pub-head ul { display: flex; gap: var(--s-5); }
.pub-head li a { display: block; padding: 4px 0; color: var(--ink-2); text-decoration: none; }
.pub-head li a:hover { color: var(--ink); text-decoration: underline; }
.members-only { padding: var(--s-3) var(--s-4); border: 1px solid var(--line); border-radius: var(--r-2); background: var(--surface); color: var(--ink-2); font-size: var(--t-14); }
.answer { padding: var(--s-8) 0 var(--s-7); }
.answer .big { display: block; width: 36px; height: 36px; margin-bottom: var(--s-4); fill: var(--st); color: var(--st); stroke: none; }
.answer h1 { max-width: 20em; font-size: clamp(1.75rem, 1.2rem + 2.6vw, var(--t-40)); line-height: 1.14; letter-spacing: -.032em; text-wrap: balance; }
.answer p { max-width: 42rem; margin-top: var(--s-3); color: var(--ink-2); }
.sec { padding: var(--s-5) 0 var(--s-7); border-top: 1px solid var(--line); }
.sec > h2, .sec-head h2 { font-size: var(--t-18); letter-spacing: -.015em; }
.sec-head { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: var(--s-1) var(--s-5); margin-bottom: var(--s-4); }
.sec-head p { color: var(--ink-3); font-size: var(--t-13); }
.split { display: grid; grid-template-columns: 15rem minmax(0, 1fr); gap: var(--s-4) var(--s-6); }
.split > h2 { padding-top: 5px; font-size: var(--t-18); letter-spacing: -.015em; }
.open-inc { margin-bottom: var(--s-7); border: 1px solid var(--line); border-top: 3px solid var(--st); border-radius: var(--r-1) var(--r-1) var(--r-3) var(--r-3); background: var(--surface); font-size: var(--t-14); }
.open-inc > header { padding: var(--s-5) var(--s-5) var(--s-4); }
.open-inc h2 { font-size: var(--t-22); line-height: 1.3; letter-spacing: -.02em; margin-top: var(--s-2); }
.open-inc h2 a { color: inherit; text-decoration: none; }
.open-inc h2 a:hover { text-decoration: underline; }
.open-inc .meta { display: flex; flex-wrap: wrap; gap: 2px var(--s-4); margin-top: var(--s-1); color: var(--ink-3); font-size: var(--t-13); }
.open-inc .impact { display: flex; flex-wrap: wrap; gap: var(--s-1) var(--s-5); padding: var(--s-3) var(--s-5); border-block: 1px solid var(--line); }
.open-inc .impact li { display: flex; gap: var(--s-2); align-items: center; }
.open-inc .timeline { padding: var(--s-5); }
.open-inc footer { padding: var(--s-3) var(--s-5); border-top: 1px solid var(--line); color: var(--ink-3); font-size: var(--t-13); }
.svc-axis, .svc { display: grid; grid-template-columns: 11.5rem minmax(0, 1fr) 4.75rem 12.5rem; gap: 0 var(--s-5); align-items: center; }
.svc-axis { color: var(--ink-3); font-size: var(--t-12); padding-bottom: 6px; }
.svc-axis .ends { grid-column: 2; display: flex; justify-content: space-between; }
.svc-axis .up-h { text-align: end; }
.svc { padding: 9px 0; font-size: var(--t-14); }
.svc .up-n { text-align: end; white-space: nowrap; }
.svc .d { display: block; color: var(--ink-3); font-size: var(--t-12); line-height: 1.35; }
.grp { border-top: 1px solid var(--line); padding: var(--s-2) 0; }
.grp:last-of-type { border-bottom: 1px solid var(--line); }
.grp > summary { cursor: pointer; list-style: none; }
.grp > summary .nm { display: flex; align-items: center; gap: var(--s-2); font-weight: var(--w-strong); }
.grp > summary .nm::before { flex: none; }
.grp > summary:hover .nm { text-decoration: underline; text-underline-offset: .18em; text-decoration-thickness: 1px; }
.grp[open] > summary :is(.days, .up-n) { visibility: hidden; }
.grp .svc .nm { min-width: 0; }
.grp li .nm { padding-inline-start: calc(6px + var(--s-2)); }
.days { width: 100%; aspect-ratio: 540 / 30; }
.d-up { stroke: var(--up-bar); } .d-degraded { stroke: var(--degraded-mark); } .d-partial { stroke: var(--partial-mark); } .d-down { stroke: var(--down-mark); } .d-maintenance { stroke: var(--maintenance-mark); } .d-none { stroke: var(--unknown-mark); }
.days path { fill: none; stroke-width: 4; }
.days g:hover path { stroke-width: 6; }
.key-days { display: flex; flex-wrap: wrap; gap: var(--s-1) var(--s-4); margin-top: var(--s-4); color: var(--ink-3); font-size: var(--t-12); }
.key-days li { display: flex; gap: 7px; align-items: center; }
.key-days svg { width: 8px; height: 20px; }
.key-days path { fill: none; stroke-width: 4; }
.notice { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: 0 var(--s-4); padding: 7px 0; font-size: var(--t-14); }
.notice + .notice { border-top: 1px solid var(--line); }
.notice .when { color: var(--ink-3); }
.notice h3 { font-size: var(--t-14); }
.notice p { color: var(--ink-2); max-width: 40rem; }
.past > li { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: 0 var(--s-4); padding: 7px 0; font-size: var(--t-14); border-bottom: 1px solid var(--line); }
.past > li:last-child { border: 0; }
.past .st { vertical-align: top; }
.split > div > p:first-child { padding-top: 6px; }
.past + p { margin-top: var(--s-3); font-size: var(--t-14); }
.past time { color: var(--ink-3); }
.sub-form { display: flex; gap: var(--s-2); max-width: 30rem; }
.sub-form .btn { flex: none; }
.pub-foot { display: flex; flex-wrap: wrap; justify-content: space-between; gap: var(--s-3) var(--s-6); padding: var(--s-5) 0 var(--s-7); border-top: 1px solid var(--line); color: var(--ink-3); font-size: var(--t-13); }
.pub-foot a { color: inherit; }
.pub-foot .by { vertical-align: bottom; display: inline-flex; align-items: center; gap: 6px; text-decoration: none; }
.pub-foot .mark { width: 16px; height: 16px; }
.days, .svc-axis .ends { direction: ltr; }  /* time runs left to right in every script */

/* ---- narrow ---- */
@media (max-width: 860px) {
  .split, .notice { grid-template-columns: minmax(0, 1fr); }
  .svc-axis { display: none; }
  .svc { grid-template-columns: minmax(0, 1fr) auto; gap: 6px var(--s-3); padding: 12px 0; }
  .svc .nm { grid-column: 1; grid-row: 1; }
  .svc .st { grid-column: 2; grid-row: 1; justify-self: end; }
  .svc .days { grid-column: 1 / -1; margin-top: 2px; }
  .svc .up-n { grid-column: 1 / -1; text-align: start; color: var(--ink-3); font-size: var(--t-12); }
  .svc .up-n::after { content: attr(data-window); }
}
@media (max-width: 560px) {
  .pub { padding: 0 var(--s-4); }
  .answer { padding: var(--s-6) 0 var(--s-6); }
  .svc .days { aspect-ratio: 360 / 30; }
  .only-90 { display: none; } .only-60 { display: inline; }
  .open-inc > header, .open-inc .timeline { padding: var(--s-4); }
  .open-inc .impact, .open-inc footer { padding-inline: var(--s-4); }
  .open-inc .impact li { width: 100%; justify-content: space-between; }
  .past > li { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 420px) {
  .svc .days { aspect-ratio: 270 / 30; }
  .only-60 { display: none; } .only-45 { display: inline; }
}
@media print {
  .answer { padding: var(--s-5) 0; }
  .sec { padding: var(--s-4) 0; }
  .pub-head nav, .texts:not([open]) { display: none; }
}

/* ---- what the drawn pages lacked ---- */
.svcs { border-block: 1px solid var(--line); }
.svcs > li + li { border-top: 1px solid var(--line); }
.svc .nm { min-width: 0; overflow-wrap: anywhere; }
.svc .st { white-space: normal; align-items: flex-start; }
.svc .st .i { margin-top: 3px; }
.timeline p + p + p { margin-top: var(--s-2); }
.live-state:not(:empty)::after { content: " · "; }
.affected li { display: flex; flex-wrap: wrap; justify-content: space-between; gap: var(--s-1) var(--s-4); padding: 7px 0; border-bottom: 1px solid var(--line); font-size: var(--t-14); }
.affected li:last-child { border: 0; }
.prose { max-width: 42rem; color: var(--ink-2); }
.prose p + p { margin-top: var(--s-3); }
.back, .months { padding: var(--s-5) 0; border-top: 1px solid var(--line); font-size: var(--t-14); }
.back a, .months a { display: inline-block; padding-block: 4px; }
.months { display: flex; justify-content: space-between; }
.months:empty { display: none; }
.refusal-code { color: var(--ink-3); }
.pub-foot p { max-width: 44rem; }
.one-inc .answer { padding-bottom: var(--s-5); }
.one-inc .answer h1 { margin-top: var(--s-3); }

"""##)

  static let `live` = Asset(name: "live.js", hash: "73482c95d4720d0c", contentType: "text/javascript; charset=utf-8", content: ##"""
// Makes pages live. Nothing depends on it: every page and every form works without.
const body = document.body;
const feed = body.dataset;
const TRIES = 5, FIRST_WAIT = 1000, LONGEST_WAIT = 60000, POLL_EVERY = 15000, SAMPLES_EVERY = 10000;

// ---- time: the reader's own clock as a title ----

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const showLocalTimes = (root) => {
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    const at = new Date(time.dateTime);
    if (!isNaN(at)) time.title = clock.format(at);
  }
};

// ---- the page: the same address again, its live parts swapped by id ----

const inUse = (part) =>
  part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea, button, summary");

const swap = (part, fresh) => {
  const open = [...part.querySelectorAll("details[open]")].map((d) => [...part.querySelectorAll("details")].indexOf(d));
  for (const { name, value } of fresh.attributes) if (part.getAttribute(name) !== value) part.setAttribute(name, value);
  const focused = part.contains(document.activeElement) && document.activeElement.getAttribute("href");
  part.replaceChildren(...fresh.childNodes);
  const details = part.querySelectorAll("details");
  for (const index of open) if (details[index]) details[index].open = true;
  if (focused) part.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  showLocalTimes(part);
};

const patch = (page) => {
  document.title = page.title;
  const icon = document.querySelector('link[rel="icon"]'), freshIcon = page.querySelector('link[rel="icon"]');
  if (icon && freshIcon && icon.getAttribute("href") !== freshIcon.getAttribute("href")) icon.replaceWith(freshIcon);
  const sprite = document.querySelector("svg.sprite");
  for (const symbol of page.querySelectorAll("svg.sprite symbol"))
    if (sprite && !document.getElementById(symbol.id)) sprite.append(document.importNode(symbol, true));
  for (const part of document.querySelectorAll("[data-live-part][id]")) {
    if (!part.isConnected || part.parentElement.closest("[data-live-part]")) continue;
    const fresh = page.getElementById(part.id);
    if (fresh && part.innerHTML !== fresh.innerHTML && !inUse(part)) swap(part, document.importNode(fresh, true));
  }
};

let fetching = false, wanted = false, notBefore = 0, timer = 0;
const refresh = () => {
  wanted = true;
  if (fetching || timer) return;
  const spread = Math.random() * Number(feed.spread || 0);
  timer = setTimeout(fetchPage, Math.max(notBefore - Date.now(), 0) + spread);
};
const fetchPage = async () => {
  timer = 0;
  fetching = true;
  wanted = false;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-cache" });
    if (answer.ok && !answer.redirected) patch(new DOMParser().parseFromString(await answer.text(), "text/html"));
    else if (answer.redirected || answer.status === 401) return location.reload();
    else if (answer.status === 429 || answer.status >= 500) wanted = true;
  } catch {
    wanted = true;
  } finally {
    fetching = false;
    notBefore = Date.now() + (wanted ? 5000 : 1000);
    if (wanted) refresh();
  }
};

// A service's own state is in the message: show it at once, the rest follows with the page. Nobody reads "Operational"
// without fresh data.
const WORDS = {
  operational: ["up", "Operational"], degraded: ["degraded", "Degraded performance"], partial: ["partial", "Partial outage"],
  major: ["down", "Major outage"], maintenance: ["maintenance", "Under maintenance"],
};
const stateOf = ({ status, observed }) =>
  status !== "operational" || observed === "fresh" ? WORDS[status]
    : ["unknown", observed === "stale" ? "Not seen lately" : "No data"];
const showService = (data) => {
  const mark = document.getElementById(data.id)?.querySelector(".st"), state = stateOf(data);
  if (!mark || !state || !body.classList.contains("public")) return;
  mark.className = `st st-${state[0]}`;
  mark.querySelector("use")?.setAttribute("href", `#i-${state[0]}`);
  mark.lastChild.textContent = state[1];
};

// A check's sample has no number and changes no state. The monitor's own page is read again at once, a list at most every
// ten seconds however many monitors it shows, and a page that nobody looks at when it is looked at again.
let later = 0, missed = false;
const showSample = (data) => {
  const own = location.pathname === `/monitors/${data.id}`;
  const row = own ? null : document.getElementById(data.id);
  if (!own && !row) return;
  if (document.hidden) return void (missed = true);
  if (own) return refresh();
  const when = row.querySelector(".c-when");
  if (when) when.textContent = "0\u202fs";
  later ||= setTimeout(() => {
    later = 0;
    refresh();
  }, SAMPLES_EVERY);
};
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !missed) return;
  missed = false;
  refresh();
});

// ---- the stream: WebSocket, then server-sent events, then polling ----

let seq = Number(feed.seq || 0), epoch = feed.epoch || "";
const take = (message) => {
  if (message.type === "monitor_update" && typeof message.seq !== "number") return showSample(message.data);
  if (typeof message.seq === "number") {
    if (message.type !== "hello" && message.type !== "reset" && message.seq <= seq) return;
    if (message.type !== "hello") seq = message.seq;
  }
  if (message.type === "hello" && message.epoch) {
    const changed = epoch && message.epoch !== epoch;
    epoch = message.epoch;
    if (changed) seq = message.seq ?? 0;
    if (changed) refresh();
    return;
  }
  if (message.type === "reset" && message.epoch) epoch = message.epoch;
  if (message.type === "service_status_update" && message.data) showService(message.data);
  refresh();
};
const read = (text) => {
  try {
    take(JSON.parse(text));
  } catch {
    refresh();
  }
};
const resume = (path) => `${path}${path.includes("?") ? "&" : "?"}since=${seq}&epoch=${encodeURIComponent(epoch)}`;

// Each transport calls `up` when it carries and `lost` once when it does not; it returns how to close itself.
const viaSocket = (up, lost) => {
  const url = new URL(resume(feed.socket), location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url);
  socket.onopen = up;
  socket.onmessage = (event) => read(event.data);
  socket.onclose = (event) => lost(event.code >= 4001 && event.code <= 4003);
  return () => socket.close();
};
const viaEvents = (up, lost) => {
  const source = new EventSource(resume(feed.events));
  source.onopen = up;
  const hear = (event) => read(event.data);
  source.onmessage = hear;
  for (const type of ["hello", "reset", "service_status_update", "incident_update", "maintenance_update", "monitor_update", "region_update", "installation_update"])
    source.addEventListener(type, hear);
  source.onerror = () => {
    source.close();
    lost();
  };
  return () => source.close();
};
const viaPolling = (up, lost) => {
  let next = 0, stopped = false;
  const ask = async () => {
    try {
      const answer = await fetch(resume(feed.changes), { headers: { accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      up();
      const said = await answer.json();
      for (const message of said.results ?? []) take(message);
      if (said.reset) take({ type: "reset", seq: said.seq, epoch: said.epoch });
      if (!stopped) next = setTimeout(ask, POLL_EVERY * (0.75 + Math.random() / 2));
    } catch {
      if (!stopped) lost();
    }
  };
  ask();
  return () => {
    stopped = true;
    clearTimeout(next);
  };
};

const transports = [viaSocket, viaEvents, viaPolling];
let kind = 0, failures = 0, close = null, again = 0, wasDown = false;
const say = (words) => {
  const place = document.getElementById("live-state");
  if (place && place.textContent !== words) place.textContent = words;
};
const connect = () => {
  clearTimeout(again);
  let over = false;
  const up = () => {
    if (over) return;
    failures = 0;
    say("Live");
    if (wasDown) refresh();
    wasDown = false;
  };
  const lost = (refused) => {
    if (over) return;
    over = true;
    close = null;
    wasDown = true;
    say("Connecting again");
    failures += 1;
    if (refused || failures >= TRIES) {
      failures = 0;
      kind = (kind + 1) % transports.length;
    }
    const wait = Math.min(FIRST_WAIT * 2 ** failures, LONGEST_WAIT);
    again = setTimeout(connect, wait * (0.5 + Math.random() / 2));
  };
  try {
    const shut = transports[kind](up, lost);
    close = () => {
      over = true;
      shut();
    };
  } catch {
    lost();
  }
};

// ---- the palette: places, and monitors by name ----

const el = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};
const places = () =>
  [...document.querySelectorAll("#nav a, .tabs a[href^='/settings']")].map((a) => ({
    label: a.firstChild?.nodeType === Node.TEXT_NODE ? a.textContent : a.childNodes[1]?.textContent ?? a.textContent,
    href: a.getAttribute("href"),
  })).concat([
    { label: "New monitor", href: "/monitors/new" }, { label: "New incident", href: "/incidents/new" },
    { label: "Channels", href: "/settings/channels" }, { label: "API keys", href: "/settings/api-keys" },
    { label: "Members", href: "/settings/members" }, { label: "Audit log", href: "/settings/audit-log" },
    { label: "Account", href: "/settings/account" },
  ]).filter((p, i, all) => all.findIndex((q) => q.href === p.href) === i);

let palette = null;
const openPalette = () => {
  if (!palette) buildPalette();
  if (!palette.open) palette.showModal();
  const input = palette.querySelector("input");
  input.value = "";
  input.dispatchEvent(new Event("input"));
  input.focus();
};
const buildPalette = () => {
  const input = el("input", { className: "input input-lg", type: "text", placeholder: "Page or monitor", autocomplete: "off" });
  const list = el("ul", { id: "palette-list", role: "listbox", ariaLabel: "Matches" });
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-label", "Go to");
  input.setAttribute("aria-expanded", "true");
  input.setAttribute("aria-controls", "palette-list");
  const count = el("p", { className: "vh", role: "status" });
  palette = el("dialog", { className: "palette", ariaLabel: "Go to" }, input, list, count);
  document.body.append(palette);
  let chosen = 0, asked = 0, items = [], pending = 0;
  const choose = (index) => {
    chosen = items.length ? (index + items.length) % items.length : 0;
    [...list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === chosen)));
    const row = list.children[chosen];
    row?.scrollIntoView({ block: "nearest" });
    if (row) input.setAttribute("aria-activedescendant", row.id);
    else input.removeAttribute("aria-activedescendant");
  };
  const show = (found) => {
    items = found;
    list.replaceChildren(...found.map((item, i) => {
      const row = el("li", { id: `palette-${i}`, role: "option" },
        el("span", { textContent: item.label, dir: "auto" }), el("span", { className: "quiet", textContent: item.note ?? "" }));
      row.onclick = () => location.assign(item.href);
      row.onmousemove = () => chosen !== i && choose(i);
      return row;
    }));
    count.textContent = found.length === 1 ? "1 match" : `${found.length} matches`;
    choose(0);
  };
  const search = (text) => {
    const words = text.trim().toLowerCase(), mine = ++asked;
    const near = places().filter((p) => p.label.toLowerCase().includes(words));
    show(near);
    clearTimeout(pending);
    if (!words) return;
    pending = setTimeout(async () => {
      try {
        const answer = await fetch(`/api/v1/monitors/?rows=8&q=${encodeURIComponent(text.trim())}`);
        if (!answer.ok || mine !== asked) return;
        const { results } = await answer.json();
        if (mine === asked)
          show(near.concat(results.map((m) => ({ label: m.name, note: m.status, href: `/monitors/${encodeURIComponent(m.id)}` }))));
      } catch {
        // Without an answer the places stay.
      }
    }, 120);
  };
  input.oninput = () => search(input.value);
  input.onkeydown = (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Enter" && items[chosen]) location.assign(items[chosen].href);
    else return;
    event.preventDefault();
  };
  palette.onclick = (event) => event.target === palette && palette.close();
};

let help = null;
const KEYS = [["Ctrl K", "Go to a page or a monitor"], ["/", "Search this list"], ["n", "New monitor"], ["?", "These keys"], ["Esc", "Close"]];
const openHelp = () => {
  if (!help) {
    const close = el("button", { className: "btn", type: "button", textContent: "Close" });
    close.onclick = () => help.close();
    help = el("dialog", { className: "palette help", ariaLabel: "Keys" }, el("h2", { textContent: "Keys" }),
      el("dl", { className: "kv" }, ...KEYS.flatMap(([key, what]) =>
        [el("dt", {}, el("kbd", { textContent: key })), el("dd", { textContent: what })])), close);
    document.body.append(help);
  }
  if (!help.open) help.showModal();
};

// ---- start ----

document.addEventListener("keydown", (event) => {
  if (!body.classList.contains("app")) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    return openPalette();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog")) return;
  const search = document.getElementById("q");
  if (event.key === "?") openHelp();
  else if (event.key === "/" && search) search.focus();
  else if (event.key === "n" && document.querySelector('a[href="/monitors/new"]')) location.assign("/monitors/new");
  else return;
  event.preventDefault();
});

document.addEventListener("click", async (event) => {
  const jump = event.target.closest?.("[data-palette]"), copy = event.target.closest?.("[data-copy]");
  if (jump && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    openPalette();
  } else if (copy) {
    const source = document.getElementById(copy.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      copy.textContent = "Selected";
    }
    setTimeout(() => (copy.textContent = "Copy"), 2000);
  }
});

// What changes all the time without an event is read again now and then, while somebody looks.
const pace = Number(document.querySelector("[data-refresh-s]")?.dataset.refreshS || 0);
if (pace) setInterval(() => document.hidden || refresh(), pace * 1000);

showLocalTimes(document);
if (feed.socket) {
  connect();
  addEventListener("pagehide", () => {
    close?.();
    close = null;
    clearTimeout(again);
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    refresh();
    connect();
  });
  addEventListener("online", () => {
    if (close) return;
    failures = 0;
    connect();
  });
}

"""##)

  static let `faviconDegraded` = Asset(name: "favicon-degraded.svg", hash: "0851592797bcc534", contentType: "image/svg+xml; charset=utf-8", content: ##"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="#b88100"><path d="M8 2.1 14.6 13.6H1.4z" stroke="#b88100" stroke-width="2"/><path fill="none" stroke="#fff" stroke-width="1.9" stroke-linecap="round" d="M8 6v3.4m0 2.5v.01"/></svg>

"""##)

  static let `faviconDown` = Asset(name: "favicon-down.svg", hash: "2072aea0b9049faf", contentType: "image/svg+xml; charset=utf-8", content: ##"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="#cf2e37"><rect x="1.2" y="1.2" width="13.6" height="13.6" rx="2.6"/><path fill="none" stroke="#fff" stroke-width="1.9" stroke-linecap="round" d="m5.2 5.2 5.6 5.6m0-5.6-5.6 5.6"/></svg>

"""##)

  static let `faviconMaintenance` = Asset(name: "favicon-maintenance.svg", hash: "97dc947d2dbbea39", contentType: "image/svg+xml; charset=utf-8", content: ##"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="#8a63c4"><path fill-rule="evenodd" d="M8 .7 14.4 4.3v7.4L8 15.3 1.6 11.7V4.3zM8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z"/></svg>

"""##)

  static let `faviconPartial` = Asset(name: "favicon-partial.svg", hash: "61cd4b1df7f977f5", contentType: "image/svg+xml; charset=utf-8", content: ##"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="#d7661a"><path d="M8 1.3 14.7 8 8 14.7 1.3 8z" fill="none" stroke="#d7661a" stroke-width="1.7"/><path d="M8 1.3v13.4L1.3 8z"/></svg>

"""##)

  static let `faviconUnknown` = Asset(name: "favicon-unknown.svg", hash: "c4f7452fd645f945", contentType: "image/svg+xml; charset=utf-8", content: ##"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="#84878d"><circle cx="8" cy="8" r="6.2" fill="none" stroke="#84878d" stroke-width="1.7" stroke-dasharray="2.7 2.17" stroke-linecap="butt"/><circle cx="8" cy="8" r="1.5"/></svg>

"""##)

  static let `faviconUp` = Asset(name: "favicon-up.svg", hash: "9269c9c28baf0247", contentType: "image/svg+xml; charset=utf-8", content: ##"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="#2b9a66"><circle cx="8" cy="8" r="7"/><path fill="none" stroke="#fff" stroke-width="1.9" stroke-linecap="round" d="m4.8 8.3 2.2 2.2 4.2-4.7"/></svg>

"""##)

  static let `favicon` = Asset(name: "favicon.svg", hash: "2961684a646220fa", contentType: "image/svg+xml; charset=utf-8", content: ##"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 4.8 28.2 28.2" role="img" aria-label="Martlet"><path fill="#777b84" transform="rotate(45 16 16) translate(0 .8)" d="M16 .8c1.9 1.5 2.9 3.9 3 6.8 5.8 1 10.3 5.5 12.6 13.9-3.8-4.3-7.9-6.1-12.5-5.9 0 2.9.4 5.2 1.3 7.2l3.4 7.4-7.8-4.4-7.8 4.4 3.4-7.4c.9-2 1.3-4.3 1.3-7.2C8.3 15.4 4.2 17.2.4 21.5 2.7 13.1 7.2 8.6 13 7.6c.1-2.9 1.1-5.3 3-6.8z"/></svg>

"""##)
}
