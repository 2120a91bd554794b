import Domain
import HTML
import Store

/// What became of every check that was due in the last day: a gap has a reason, or it would not be believed.
struct SlotAccounts: Component {
  struct Row: Sendable {
    var region: String
    var due: Int
    var results: Int
    /// In the order of the reasons' codes; none with zero.
    var missed: [(reason: MissedReason, count: Int)]
    /// Workers crashed over this monitor there; it is not looked at until it is edited.
    var isQuarantined = false
  }

  var rows: [Row]

  var body: HTML {
    guard !rows.isEmpty else { return "" }
    let table: HTML = """
      <table class="table with-head"><caption class="vh">Checks due in the last 24 hours, by region</caption><thead><tr>\
      <th scope="col">Region</th><th scope="col" class="num">Due</th><th scope="col" class="num">Answered</th>\
      <th scope="col">Missed</th></tr></thead><tbody>\(rows, row)</tbody></table>
      """
    return Card(title: "Every check accounted for", note: HTML(text: sentence), id: "slots", content: table).body
  }

  private var sentence: String {
    let missed = rows.reduce(0) { $0 + $1.missed.reduce(0) { $0 + $1.count } }
    return missed == 0
      ? "Nothing missed in 24 hours" : "\(Format.count(missed, "check")) missed in 24 hours, each with its reason"
  }

  private func row(_ row: Row) -> HTML {
    let words = row.missed.map { "\($0.count) \($0.reason.words)" }.joined(separator: ", ")
    let missed: HTML = words.isEmpty ? "<span class=\"quiet\">none</span>" : HTML(text: words)
    let held: HTML =
      "<br><span class=\"soft\">Workers crashed over it three times; it is not looked at here until it is edited.</span>"
    return """
      <tr><td class="c-b">\(row.region)</td><td class="num">\(row.due)</td><td class="num">\(row.results)</td>\
      <td>\(missed)\(if: row.isQuarantined, held)</td></tr>

      """
  }
}

extension MissedReason {
  /// As people read it.
  var words: String {
    switch self {
    case .workerLost: "lost with their worker"
    case .workerOffline: "without a worker"
    case .notRunning: "while Martlet did not run"
    case .overloaded: "for want of time"
    case .regionSuspect: "while the region's own network was in doubt"
    case .spoolFull: "dropped from a full spool"
    }
  }
}

extension SlotAccounts {
  /// By region, added up over the hours.
  init(_ accounts: [SlotAccount], names: [RegionID: String], quarantined: Set<RegionID>) {
    var rows: [(RegionID, Row)] = []
    for (region, some) in Dictionary(grouping: accounts, by: \.region) {
      var missed: [MissedReason: Int] = [:]
      for one in some { missed.merge(one.missed, uniquingKeysWith: +) }
      rows.append(
        (
          region,
          Row(
            region: names[region] ?? "a region", due: some.reduce(0) { $0 + $1.due },
            results: some.reduce(0) { $0 + $1.results },
            missed: missed.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key, $0.value) },
            isQuarantined: quarantined.contains(region))
        ))
    }
    self.rows = rows.sorted { ($0.1.region, $0.0) < ($1.1.region, $1.0) }.map(\.1)
  }
}
