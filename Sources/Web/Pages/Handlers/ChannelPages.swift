import Domain
import Engine
import HTML
import HTTPServer
import JSON
import SQLite
import Store

/// Who is told, and what became of each message.
enum ChannelPages {
  private static let rowsPerPage = 50
  /// The states of the rows that a filter of the log shows. What a sender holds is under way too.
  private static let outcomes = ["dead": ["dead"], "pending": ["pending", "claimed"], "delivered": ["sent"]]

  static let routes: [PageRoute] = [
    .get("/settings/channels", .session, list),
    .get("/settings/channels/new", .write) { request in
      try await new(request, ChannelForm(kind: request.query["kind"].flatMap(ChannelKind.init) ?? .webhook))
    },
    .post("/settings/channels/new", .write, create),
    .get("/settings/channels/{id}", .session) { request in
      let channel = try await find(request)
      return try await page(request, channel, try form(channel, request.store.sealer))
    },
    .post("/settings/channels/{id}", .write, update),
    .post("/settings/channels/{id}/test", .write, test),
    .post("/settings/channels/{id}/delete", .write) { request in
      let known = try request.person
      let id = try request.id(PublicID<ChannelTag>.self)
      let gone = try await request.store.write { [world = request.context.world] db in
        try ChannelQueries.delete(id, scope: known.scope, by: known.principal, in: db, world: world)
      }
      guard gone else { throw Problem.notFound }
      return .seeOther(Paths.channels + "?done=deleted")
    },
    .get("/settings/notifications", .session, notifications),
    .post("/settings/notifications/{id}/resend", .write) { request in
      let known = try request.person
      let id = try request.id(PublicID<NotificationTag>.self)
      try await request.store.write { [world = request.context.world] db in
        guard try NotificationQueries.find(id, scope: known.scope, in: db) != nil else { throw Problem.notFound }
        // False when somebody sent it again a moment ago: then it is on its way, as was asked.
        _ = try NotificationQueries.resend(id, scope: known.scope, by: known.principal, in: db, world: world)
      }
      return .seeOther(Paths.notifications + "?done=sent")
    },
  ]

  // MARK: Reading

  @Sendable private static func list(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let frame = try await FrameMaker.frame(request)
    let (rows, latest) = try await request.store.read { db in
      (try ChannelQueries.list(scope: known.scope, in: db), try NotificationQueries.latest(scope: known.scope, in: db))
    }
    let page = ChannelsPage(
      frame: frame,
      rows: rows.map { row in
        ChannelsPage.Row(
          id: row.publicID.text, name: row.name, kind: ChannelKind(rawValue: row.kind) ?? .webhook,
          target: row.summary,
          last: latest[row.id].map { (outcome(state: $0.state, attempts: $0.attempts), $0.at.ms) },
          isEnabled: row.enabled, offReason: row.disabledReason)
      })
    return .page(page.render())
  }

  @Sendable private static func notifications(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let filter = request.query["outcome"].flatMap { outcomes[$0] == nil ? nil : $0 }
    let number = request.pageNumber
    let frame = try await FrameMaker.frame(request)
    let (found, dead) = try await request.store.read { db in
      (
        try NotificationQueries.list(
          states: filter.flatMap { outcomes[$0] } ?? [], page: number, rows: rowsPerPage, scope: known.scope, in: db),
        try NotificationQueries.count(state: "dead", scope: known.scope, in: db)
      )
    }
    let rows = try found.rows.map { row in
      NotificationsPage.Row(
        id: row.publicID.text, at: row.createdAt.ms, channel: row.channelName ?? "a deleted channel",
        subject: try StoredNotice.sentence(row.payload), outcome: outcome(state: row.state, attempts: row.attempts),
        attempts: row.attempts, lastError: row.lastError?.withoutFullStop,
        nextAt: row.state == "pending" ? row.nextAt.ms : nil)
    }
    let page = NotificationsPage(
      frame: frame, filter: filter, rows: rows, dead: dead, page: number, rowsPerPage: rowsPerPage, total: found.total)
    return .page(page.render())
  }

  private static func outcome(state: String, attempts: Int) -> String {
    switch state {
    case "sent": "delivered"
    case "dead": "dead"
    // A claim counts its try at once: with one, a claimed message is on its first.
    default: attempts > (state == "claimed" ? 1 : 0) ? "retrying" : "pending"
    }
  }

  private static func find(_ request: PageRequest) async throws -> ChannelRow {
    let known = try request.person
    let id = try request.id(PublicID<ChannelTag>.self)
    let found = try await request.store.read { try ChannelQueries.find(id, scope: known.scope, in: $0) }
    guard let found else { throw Problem.notFound }
    return found
  }

  // MARK: Forms

  private static func form(_ row: ChannelRow, _ sealer: Sealer) throws -> ChannelForm {
    let kind = ChannelKind(rawValue: row.kind) ?? .webhook
    let to = try row.settings(sealer)["to"]
    return ChannelForm(
      kind: kind, name: row.name, to: (to?.array?.compactMap(\.string) ?? []).joined(separator: ", "),
      isEnabled: row.enabled, keepsURL: kind != .email)
  }

  private static func new(_ request: PageRequest, _ form: ChannelForm) async throws -> Response {
    let page = NewChannelPage(frame: try await FrameMaker.frame(request), form: form)
    return .page(page.render(), status: form.errors.isEmpty ? 200 : 422)
  }

  private static func page(
    _ request: PageRequest, _ channel: ChannelRow, _ form: ChannelForm, test: ChannelPage.TestOutcome? = nil,
    secret: String? = nil
  ) async throws -> Response {
    let page = ChannelPage(
      frame: try await FrameMaker.frame(request), id: channel.publicID.text, name: channel.name, form: form, test: test,
      secret: secret)
    return .page(page.render(), status: form.errors.isEmpty ? 200 : 422)
  }

  /// The form as typed, its draft when nothing is wrong with it; what is wrong stands in the form.
  private static func read(
    _ fields: FormFields, kind: ChannelKind, over before: JSON?
  ) -> (form: ChannelForm, draft: ChannelDraft?) {
    var form = ChannelForm(
      kind: kind, name: fields.text("name"), url: fields.text("url"), to: fields.text("to"),
      isEnabled: fields.isOn("enabled"), keepsURL: before != nil && kind != .email)
    if let problem = FormRules.name(form.name) { form.errors["name"] = problem }
    var settings: [JSON.Member] = []
    if kind == .email {
      let addresses = form.to.split { $0 == "," || $0 == ";" || $0.isNewline }.map { String($0).trimmed }
      settings = [.init("to", .array(addresses.filter { !$0.isEmpty }.map { .string($0) }))]
    } else if !form.url.isEmpty || !form.keepsURL {
      settings = [.init("url", .string(form.url))]
    }
    do throws(FieldProblem) {
      let draft = try ChannelRules.draft(
        kind: kind.rawValue, name: form.name, settings: .object(settings), over: before, enabled: form.isEnabled)
      return (form, form.errors.isEmpty ? draft : nil)
    } catch {
      let field = kind == .email ? "to" : "url"
      form.errors[error.pointer.hasPrefix("/settings/\(field)") ? field : ""] = FormRules.sentence(error.detail)
      return (form, nil)
    }
  }

  /// Answers with a webhook's signing secret, as it is printed this once.
  @Sendable private static func create(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let fields = try request.form()
    guard let kind = ChannelKind(rawValue: fields.text("kind")) else {
      throw Problem(422, "invalid", "Choose a kind of channel.")
    }
    let (form, draft) = read(fields, kind: kind, over: nil)
    guard let draft else { return try await new(request, form) }
    let store = request.store
    let row = try await store.write { db in
      let id = try ChannelQueries.create(
        draft, scope: known.scope, by: known.principal, in: db, world: store.world, sealer: store.sealer)
      return try ChannelQueries.find(id, scope: known.scope, in: db)
    }
    guard let row else { throw Problem.notFound }
    guard kind == .webhook, let secret = draft.settings["secret"]?.string else {
      return .seeOther(Paths.channel(row.publicID.text) + "?done=saved")
    }
    return try await page(request, row, try Self.form(row, store.sealer), secret: secret)
  }

  @Sendable private static func update(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let channel = try await find(request)
    let store = request.store
    let (form, draft) = read(
      try request.form(), kind: ChannelKind(rawValue: channel.kind) ?? .webhook,
      over: try channel.settings(store.sealer))
    guard let draft else { return try await page(request, channel, form) }
    let changed = try await store.write { db in
      try ChannelQueries.update(
        channel.publicID, to: draft, scope: known.scope, by: known.principal, in: db, world: store.world,
        sealer: store.sealer)
    }
    guard changed else { throw Problem.notFound }
    return .seeOther(Paths.channel(channel.publicID.text) + "?done=saved")
  }

  @Sendable private static func test(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let channel = try await find(request)
    let outcome = try await request.context.testChannel(channel.publicID, known.scope, known.principal.name)
    guard let outcome else { throw Problem.notFound }
    let said = outcome.isDelivered ? "The other side took it" : outcome.reason.capitalizedFirst.withoutFullStop
    return try await page(
      request, channel, try form(channel, request.store.sealer),
      test: .init(isDelivered: outcome.isDelivered, sentence: said, at: request.now.ms))
  }
}
