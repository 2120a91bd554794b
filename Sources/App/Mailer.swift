import Curl
import Domain
import Engine
import HTML
import Notify
import Sodium

/// Mails that people ask for: invitations and new passwords.
struct Mailer: Sendable {
  let client: OutboundClient
  let server: MailServer
  let from: String
  let baseURL: String

  func send(_ mail: Access.Mail, at now: Instant) async throws {
    let (to, letter) = letter(mail, now)
    // The operator chose this server, so its address is not vetted.
    try await client.sendMail(
      Mail.compose(
        letter, from: from, to: [to], id: Base32.encode(Sodium.random(16)), at: now, server: server), vet: { _ in true }
    )
  }

  private func letter(_ mail: Access.Mail, _ now: Instant) -> (String, Letter) {
    let limits = Access.Configuration()
    switch mail {
    case .passwordReset(let to, _, let token):
      return (
        to,
        .passwordReset(email: to, expiresAt: now.ms + limits.resetMs, url: "\(baseURL)/reset/confirm?token=\(token)")
      )
    case .invitation(let to, let organization, let invitedBy, let token):
      return (
        to,
        .invitation(
          organization: organization, invitedBy: invitedBy, role: "a member", expiresAt: now.ms + limits.invitationMs,
          url: "\(baseURL)/join?token=\(token)")
      )
    }
  }
}
