import Engine
import HTML

/// Every page as it looks with made-up values: what `martlet gallery` writes, and what is looked at in a browser.
public enum Gallery {
  public typealias Entry = (name: String, path: String, html: @Sendable () -> HTML)

  /// `path` is the file's name within the gallery's folder. Assets stand beside them under `Asset.path`.
  public static let all: [Entry] = app + settings + gates + visitors + files + mails

  private static let app: [Entry] = [
    ("Dashboard", "dashboard.html", { Sample.monitorList.render() }),
    (
      "Dashboard, nothing fits", "dashboard-none.html",
      {
        var page = Sample.monitorList
        page.rows = []
        page.filter = .init(q: "zzz", status: "paused", tag: "api", sort: "p95")
        page.total = 0
        return page.render()
      }
    ),
    (
      "Dashboard, all up, as a member", "dashboard-up.html",
      {
        var page = Sample.monitorList
        page.frame = Sample.frame(canWrite: false)
        page.counts = [.up: 3]
        page.rows = Array(page.rows.filter { $0.state == .up })
        page.total = 3
        return page.render()
      }
    ),
    ("Dashboard, empty", "dashboard-empty.html", { EmptyMonitorsPage(frame: Sample.frame(isNew: true)).render() }),
    (
      "New monitor", "monitor-new.html",
      { NewMonitorPage(frame: Sample.frame(), form: Sample.form, promise: Sample.promise).render() }
    ),
    (
      "New monitor, wrong", "monitor-new-wrong.html",
      {
        NewMonitorPage(
          frame: Sample.frame(), form: Sample.badForm, promise: Sample.promise,
          outcome: TryOutcome(state: .up, sentence: "200 in 111 ms from local", waterfall: Sample.waterfall)
        ).render()
      }
    ),
    (
      "Edit monitor", "monitor-edit.html",
      {
        EditMonitorPage(
          frame: Sample.frame(), id: "mon_1", name: "Rates API", form: Sample.form, promise: Sample.promise
        ).render()
      }
    ),
    ("Monitor, down", "monitor-down.html", { Sample.monitor(.down).render() }),
    ("Monitor, recovering", "monitor-recovering.html", { Sample.monitor(.down, isRecovering: true).render() }),
    ("Monitor, up", "monitor-up.html", { Sample.monitor(.up).render() }),
    ("Monitor, unconfirmed", "monitor-unconfirmed.html", { Sample.monitor(.unconfirmed).render() }),
    ("Monitor, paused", "monitor-paused.html", { Sample.monitor(.paused).render() }),
    ("Monitor, no result yet", "monitor-pending.html", { Sample.pendingMonitor.render() }),
    (
      "Incidents", "incidents.html",
      {
        IncidentListPage(
          frame: Sample.frame(), rows: Sample.incidents, page: 1, rowsPerPage: 20, total: 2, openCount: 1,
          now: Sample.now
        ).render()
      }
    ),
    (
      "Incidents, none", "incidents-none.html",
      {
        IncidentListPage(
          frame: Sample.frame(isNew: true), rows: [], page: 1, rowsPerPage: 20, total: 0, openCount: 0, now: Sample.now
        ).render()
      }
    ),
    ("Incident, identified", "incident.html", { Sample.incident(.identified).render() }),
    ("Incident, new", "incident-investigating.html", { Sample.incident(.investigating).render() }),
    ("Incident, votes of one region", "incident-votes-1.html", { Sample.incidentVotes(1).render() }),
    ("Incident, votes of six regions", "incident-votes-6.html", { Sample.incidentVotes(6).render() }),
    ("Incident, resolved", "incident-resolved.html", { Sample.incident(.resolved).render() }),
    (
      "New incident", "incident-new.html",
      {
        NewIncidentPage(
          frame: Sample.frame(), services: [.init(id: "svc_1", name: "Booking", isOn: true)],
          errors: ["title": "Empty. Say what is wrong."]
        ).render()
      }
    ),
    (
      "Services", "services.html",
      { ServiceListPage(frame: Sample.frame(), rows: Sample.services, today: Sample.now).render() }
    ),
    (
      "Services, none", "services-none.html",
      { ServiceListPage(frame: Sample.frame(isNew: true), rows: [], today: Sample.now).render() }
    ),
    ("New service", "service-new.html", { NewServicePage(frame: Sample.frame(), form: Sample.serviceForm).render() }),
    (
      "Service", "service.html",
      {
        ServicePage(
          frame: Sample.frame(), id: "svc_1", name: "Booking", state: .down, why: "Booking API is down.",
          days: Sample.quiet[5].days, uptime: 0.99948,
          today: Sample.now, form: Sample.serviceForm,
          nextStates: [
            .init(value: "operational", label: "Operational"), .init(value: "maintenance", label: "Under Maintenance"),
          ]
        ).render()
      }
    ),
    (
      "Status page settings", "status-page-settings.html",
      {
        StatusPageSettingsPage(
          frame: Sample.frame(), slug: "harbourline", address: "https://status.example/status/harbourline",
          badgeAddress: "https://status.example/status/harbourline/badge.svg", isPublished: true, services: 9,
          form: ("Harbourline", "harbourline", "Freight by sea and rail.", true),
          choices: [
            .init(id: "svc_1", name: "Booking", isOn: true, place: "1"),
            .init(id: "svc_2", name: "Label printing", isOn: false, place: ""),
          ],
          errors: ["slug": "Taken by somebody else. Choose another."]
        ).render()
      }
    ),
    ("Regions", "regions.html", { Sample.regions.render() }),
    ("Regions, the first", "regions-first.html", { Sample.firstRegion.render() }),
    ("Regions, one added", "regions-added.html", { Sample.addedRegion.render() }),
    ("Regions, wrong name", "regions-wrong.html", { Sample.wrongRegion.render() }),
    ("Not found, signed in", "app-404.html", { AppErrorPage(frame: Sample.frame(), refusal: .notFound).render() }),
  ]

  private static let settings: [Entry] = [
    (
      "Organization", "settings-organization.html",
      {
        OrganizationPage(
          frame: Sample.frame(), name: "Harbourline", slug: "harbourline", createdAt: Sample.now - 400 * Sample.day
        ).render()
      }
    ),
    ("Members", "settings-members.html", { Sample.members.render() }),
    ("Channels", "settings-channels.html", { ChannelsPage(frame: Sample.frame(), rows: Sample.channelRows).render() }),
    (
      "Channels, none", "settings-channels-none.html",
      { ChannelsPage(frame: Sample.frame(isNew: true), rows: []).render() }
    ),
    (
      "New webhook", "channel-new-webhook.html",
      { NewChannelPage(frame: Sample.frame(), form: ChannelForm(kind: .webhook)).render() }
    ),
    (
      "New e-mail channel", "channel-new-email.html",
      {
        NewChannelPage(
          frame: Sample.frame(),
          form: ChannelForm(kind: .email, to: "ops@", errors: ["to": "“ops@” is no e-mail address."])
        ).render()
      }
    ),
    (
      "New Slack channel", "channel-new-slack.html",
      { NewChannelPage(frame: Sample.frame(), form: ChannelForm(kind: .slack)).render() }
    ),
    ("Channel, test arrived", "channel-tested.html", { Sample.channel(true).render() }),
    ("Channel, test failed", "channel-failed.html", { Sample.channel(false).render() }),
    ("Notifications", "settings-notifications.html", { Sample.notifications.render() }),
    ("API keys", "settings-api-keys.html", { Sample.keys.render() }),
    ("Audit log", "settings-audit-log.html", { Sample.audit.render() }),
    (
      "Account", "settings-account.html",
      {
        AccountPage(
          frame: Sample.frame(), name: "Ines Okafor", email: "ines@harbourline.example",
          savedEmail: "ines@harbourline.example", role: "owner",
          errors: ["current_password": "That is not it."]
        ).render()
      }
    ),
    (
      "Sessions", "settings-sessions.html",
      {
        SessionsPage(
          frame: Sample.frame(),
          sessions: [
            .init(
              id: "ses_1", device: "Firefox on Linux", address: "203.0.113.9", signedInAt: Sample.now - Sample.day,
              seenAt: Sample.now, isThis: true),
            .init(
              id: "ses_2", device: "Safari on iPhone", address: "2001:db8:85a3::8a2e:370:7334",
              signedInAt: Sample.now - 9 * Sample.day, seenAt: Sample.now - Sample.hour, isThis: false),
          ]
        ).render()
      }
    ),
  ]

  private static let gates: [Entry] = [
    ("Landing", "landing.html", { LandingPage(isSignupOpen: true).render() }),
    (
      "First account", "setup.html",
      {
        SetupPage(
          token: "t", name: "Ines Okafor", organization: "Harbourline", email: "ines@harbourline.example",
          about: "Martlet 0.1.0 · data in ./data",
          errors: ["password": "5 characters. Use 12 or more; a sentence is fine."]
        ).render()
      }
    ),
    ("Setup, done", "setup-done.html", { SetupClosedPage(isDone: true).render() }),
    ("Sign up", "signup.html", { SignupPage(isOpen: true).render() }),
    ("Sign up, closed", "signup-closed.html", { SignupPage(isOpen: false).render() }),
    (
      "Invitation", "join.html",
      {
        JoinPage(
          token: "t", organization: "Harbourline", invitedBy: "Ines Okafor", role: "admin",
          email: "tomas@harbourline.example", isSignedIn: false
        ).render()
      }
    ),
    ("Sign in", "login.html", { LoginPage().render() }),
    (
      "Sign in, wrong", "login-wrong.html",
      {
        LoginPage(
          email: "ines@harbourline.example", errors: ["": "That e-mail address and password do not fit together."]
        ).render()
      }
    ),
    ("Password forgotten", "reset.html", { ResetRequestPage().render() }),
    (
      "Password forgotten, sent", "reset-sent.html",
      { ResetRequestPage(email: "ines@harbourline.example", isSent: true).render() }
    ),
    ("New password", "reset-confirm.html", { ResetConfirmPage(token: "t").render() }),
    ("Not found", "404.html", { GateErrorPage(refusal: .notFound).render() }),
    ("Our own trouble", "500.html", { GateErrorPage(refusal: .ours(reference: "e7q2m")).render() }),
  ]

  private static let visitors: [Entry] = [
    ("Status, operational", "status-operational.html", { Sample.statusOperational.render() }),
    ("Status, incident", "status-incident.html", { Sample.statusIncident.render() }),
    ("Status, every state", "status-states.html", { Sample.statusEveryState.render() }),
    ("Status, right to left", "status-rtl.html", { Sample.statusRTL.render() }),
    ("Status, twenty services", "status-twenty.html", { Sample.statusTwenty.render() }),
    (
      "Status, empty", "status-empty.html",
      { StatusPage(frame: Sample.publicFrame(), services: [], open: [], past: []).render() }
    ),
    ("Public incident", "public-incident.html", { Sample.publicIncident(isResolved: false).render() }),
    (
      "Public incident, resolved", "public-incident-resolved.html", { Sample.publicIncident(isResolved: true).render() }
    ),
    ("History", "history.html", { Sample.history.render() }),
    (
      "Not found, public", "public-404.html",
      { PublicErrorPage(frame: Sample.publicFrame(), refusal: .notFound).render() }
    ),
  ]

  private static let files: [Entry] = [
    ("Feed", "feed.atom", { Sample.feed.render() }), badge(.up), badge(.degraded), badge(.partial), badge(.down),
    badge(.maintenance), badge(.unknown),
  ]

  private static func badge(_ state: State) -> Entry {
    let render: @Sendable () -> HTML = { Badge(name: "Harbourline", state: state).render() }
    return ("Badge, \(state.rawValue)", "badge-\(state.rawValue).svg", render)
  }

  private static let mails: [Entry] = [
    (
      "Mail, down", "mail-down.html",
      {
        Letter.down(
          monitor: "Booking API", address: "https://api.harbourline.example/v2/health", organization: "Harbourline",
          since: Sample.now - 45 * Sample.minute,
          detectedAfterMs: 63_000, reason: "Time-out after 10 s in TLS",
          evidence: [("Votes", "3 of 3 healthy regions failing"), ("Address seen", "203.0.113.41")],
          url: "https://martlet.example/incidents/inc_1"
        ).html
      }
    ),
    (
      "Mail, up again", "mail-resolved.html",
      {
        Letter.resolved(
          monitor: "Booking API", address: "https://api.harbourline.example/v2/health", organization: "Harbourline",
          since: Sample.now - 45 * Sample.minute,
          until: Sample.now, reason: "Time-out after 10 s in TLS", url: "https://martlet.example/incidents/inc_1"
        ).html
      }
    ),
    (
      "Mail, region offline", "mail-region.html",
      {
        Letter.region(
          name: "sgp", organization: "Harbourline", sentence: "Region sgp is offline: no worker of it is heard of.",
          more: "212 monitors go on with other regions; 2 that only it watches are unknown.", isWell: false,
          since: Sample.now - 34 * Sample.minute, until: nil, facts: [("Monitors there", "214")],
          url: "https://martlet.example/regions"
        ).html
      }
    ),
    (
      "Mail, slots overdue", "mail-slots.html",
      {
        Letter.slots(
          organization: "Harbourline",
          sentence: "Martlet does not account for all checks: due times stay without a result and without a reason.",
          more: SlotWords.consequence, isWell: false, since: Sample.now - 2 * Sample.minute, until: nil,
          url: "https://martlet.example/"
        ).html
      }
    ),
    (
      "Mail, test", "mail-test.html",
      {
        Letter.test(
          channel: "On call", organization: "Harbourline", person: "Ines Okafor", at: Sample.now,
          url: "https://martlet.example/settings/channels/chn_1"
        ).html
      }
    ),
    (
      "Mail, invitation", "mail-invitation.html",
      {
        Letter.invitation(
          organization: "Harbourline", invitedBy: "Ines Okafor", role: "admin", expiresAt: Sample.now + 7 * Sample.day,
          url: "https://martlet.example/join?token=t"
        ).html
      }
    ),
    (
      "Mail, new password", "mail-reset.html",
      {
        Letter.passwordReset(
          email: "ines@harbourline.example", expiresAt: Sample.now + Sample.hour,
          url: "https://martlet.example/reset/confirm?token=t"
        ).html
      }
    ),
  ]
}
