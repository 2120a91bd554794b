import Domain
import SQLite
import Store

extension MonitorForm {
  /// Up to so many other monitors are offered as boxes.
  static let boxesMax = 40

  /// Takes what the form names, by id or by name, into the settings; what is not found is said beside the field. A bare
  /// `url=` from a script leaves it as it is.
  mutating func readDependencies(
    _ fields: FormFields, into settings: inout MonitorSettings, _ request: PageRequest
  ) async throws {
    guard fields.isOn("method") else { return }
    let typed = fields.all("depends_on").flatMap { $0.split(separator: "\n") }.map { String($0).trimmed }
      .filter { !$0.isEmpty }
    let scope = try request.person.scope
    let most = Limits.dependenciesMax
    guard typed.count <= most else {
      errors["depends_on"] = "Name at most \(most) monitors."
      dependencies.chosen = typed
      return
    }
    let found = try await request.store.read { db in
      try typed.map { text in
        if let id = PublicID<MonitorTag>(text) { [id] } else { try DependencyQueries.named(text, scope: scope, in: db) }
      }
    }
    var chosen: [PublicID<MonitorTag>] = []
    for (text, ids) in zip(typed, found) {
      switch ids.count {
      case 1: if !chosen.contains(ids[0]) { chosen.append(ids[0]) }
      case 0: errors["depends_on"] = "There is no monitor called “\(text)”."
      default:
        errors["depends_on"] = "Several monitors are called “\(text)”; write its id, the end of its page’s address."
      }
    }
    settings.dependsOn = chosen
    dependencies.chosen = chosen.map(\.text)
    if errors["depends_on"] != nil { dependencies.lines = typed.joined(separator: "\n") }
  }

  /// The form again, with what the store refused.
  func refusing(_ refusal: DependencyRefusal) -> MonitorForm {
    var form = self
    switch refusal {
    case .unknown: form.errors["depends_on"] = "One of these is no monitor of this organization any more."
    case .cycle: form.errors["depends_on"] = "\(refusal.sentence)."
    }
    return form
  }
}

extension DependencyChoice {
  /// What can be chosen, as it is now. `monitor` itself cannot.
  mutating func load(except monitor: MonitorID?, scope: TenantScope, in db: Connection) throws {
    let others = try DependencyQueries.names(limit: MonitorForm.boxesMax + 2, scope: scope, in: db)
      .filter { $0.id != monitor }
    if others.count <= MonitorForm.boxesMax, lines == nil {
      boxes = others.map { .init(id: $0.publicID.text, name: $0.name, isOn: chosen.contains($0.publicID.text)) }
    } else if lines == nil {
      lines = try chosen.map { id in
        let name = try DependencyQueries.name(PublicID(stored: id), scope: scope, in: db)
        guard let name, try DependencyQueries.named(name, scope: scope, in: db).count == 1 else { return id }
        return name
      }.joined(separator: "\n")
    }
  }
}
