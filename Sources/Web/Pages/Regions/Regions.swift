import HTML

/// `GET /regions`.
struct RegionsPage: AppPage {
  struct Region: Sendable {
    var name: String
    var city: String?
    /// `up` healthy, `degraded` strained, `unknown` silent.
    var state: State
    var note: String?
    /// Lateness of starts over 24 hours.
    var spark: Sparkline?
    var lateP99Ms: Double?
    var checksPerSecond: Double
    var healthyWorkers: Int
    var workers: Int
    var monitors: Int
  }

  struct Worker: Sendable {
    var name: String
    var region: String
    /// `up` working, `degraded` late, `unknown` silent, `paused` left.
    var state: State
    var version: String
    /// Jobs it holds and results it has not delivered; nil where it does not say.
    var leases: Int?
    var spooled: Int?
    var heardAgoMs: Int64
    var clockSkewMs: Int64?
  }

  var frame: AppFrame
  var regions: [Region]
  var workers: [Worker]

  var section: AppFrame.Section { .regions }
  private var healthy: Int { regions.count { $0.state == .up } }
  private var isAlone: Bool { regions.count == 1 }
  var title: String { isAlone ? "Regions" : "\(healthy) of \(regions.count) regions" }

  var body: HTML {
    """
    \(PageHead(sentence: HTML(text: sentence), lead: lead, isLive: true))
    <section class="card" id="region-list" data-live-part><table class="table folds-up"><caption class="vh">Regions</caption><thead><tr>\
    <th scope="col">State</th><th scope="col">Region</th><th scope="col">Lateness, 24\(Format.space)h</th><th scope="col" class="num">Late, p99</th>\
    <th scope="col" class="num">Checks a second</th><th scope="col" class="num">Workers</th></tr></thead><tbody>\(regions, region)</tbody></table></section>
    \(Card(
      title: "Workers", note: "What a silent worker measured meanwhile is kept, and comes when it answers again", id: "worker-list", isLive: true,
      content: """
        <table class="table with-head folds-up three"><caption class="vh">Workers</caption><thead><tr><th scope="col">State</th><th scope="col">Worker</th>\
        <th scope="col">Region</th><th scope="col" class="num">Leases</th><th scope="col" class="num">Version</th><th scope="col" class="num">Spooled</th>\
        <th scope="col" class="num">Heard</th></tr></thead><tbody>\(workers, worker)</tbody></table>
        """))
    """
  }

  private var sentence: String {
    if isAlone {
      return regions[0].state == .up
        ? "One region looks from here: \(regions[0].name)." : "The one region is not well: \(regions[0].name)."
    }
    return healthy == regions.count
      ? "All \(regions.count) regions answer." : "\(healthy) of \(regions.count) regions answer."
  }

  private var lead: HTML? {
    isAlone ? "With one region a failure is confirmed by further attempts from the same place." : nil
  }

  private func region(_ region: Region) -> HTML {
    """
    <tr><td class="c-state">\(StateMark(region.state, ["up": "Healthy", "degraded": "Strained", "unknown": "Silent"][region.state.rawValue]))</td>\
    <td class="name"><b>\(region.name)</b> <span class="quiet">\(region.city ?? "")</span>\
    \(region.note.map { "<span class=\"sub wraps st-\(region.state.rawValue)\"><b>\($0)</b></span>" as HTML })</td>\
    <td class="c-spark">\(region.spark)</td><td class="num c-b" data-l="late p99">\(region.lateP99Ms.map { HTML(text: Format.fixed($0, 1) + Format.space + "ms") } ?? Nothing().body)</td>\
    <td class="num c-b" data-l="checks/s">\(Format.fixed(region.checksPerSecond, 1))</td><td class="num c-hide">\(region.healthyWorkers) of \(region.workers)</td></tr>

    """
  }

  private func worker(_ worker: Worker) -> HTML {
    let word = ["up": "Working", "degraded": "Late", "unknown": "Silent", "paused": "Left"][worker.state.rawValue]
    let skew = worker.clockSkewMs.flatMap { abs($0) >= 1_000 ? "clock off by \(Format.span(ms: abs($0)))" : nil }
    return """
      <tr><td class="c-state">\(StateMark(worker.state, word))</td><td class="name"><span class="mono">\(worker.name)</span>\
      \(skew.map { "<span class=\"sub\">\($0)</span>" as HTML })</td><td class="c-hide">\(worker.region)</td>\
      <td class="num c-b" data-l="leases">\(worker.leases.map { HTML(text: Format.count($0)) } ?? Nothing().body)</td><td class="num c-b" data-l="v">\(worker.version)</td>\
      <td class="num c-hide">\(worker.spooled.map { HTML(text: Format.count($0)) } ?? Nothing().body)</td><td class="num c-b last quiet" data-l="heard">\(Format.age(ms: worker.heardAgoMs))</td></tr>

      """
  }
}
