import Domain
import Engine
import JSON
import Store

/// The one place where errors become answers of the API.
enum ProblemMapping {
  static func problem(_ error: any Error, _ context: WebContext) -> Problem {
    if let problem = error as? Problem { return problem }
    if let error = error as? AccessError { return problem(error) }
    if let error = error as? FieldProblem { return .invalid(error.pointer, error.detail) }
    let reference = Base32.encode(context.world.random(5))
    context.report(reference, error)
    if StoreTrouble.isPassing(error) {
      return .unavailable("The database cannot take this now; nothing was changed. Reference \(reference).")
    }
    return Problem(
      500, "internal", "Something failed that should not. It is in the log under the reference \(reference).")
  }

  static func problem(_ error: AccessError) -> Problem {
    switch error {
    case .invalid(let fields): .invalid(fields.map { Problem.Detail("/\($0.name)", $0.detail) })
    case .signUpClosed: Problem(403, "sign_up_closed", "Only invited people may join here; ask for an invitation.")
    case .setupTokenWrong:
      Problem(
        403, "setup_token_wrong", "The first account needs the link that martlet serve printed at its last start.")
    case .emailTaken: .conflict("email_taken", "There is an account with this address; log in instead.")
    case .credentialsWrong: Problem(401, "credentials_wrong", "The address or the password is wrong.")
    case .noOrganization:
      Problem(403, "no_organization", "You belong to no organization any more; ask for an invitation.")
    case .tooManyAttempts(let seconds): .tooMany(retryAfterS: seconds, "Too many attempts; wait and try again.")
    case .linkInvalid: Problem(410, "link_invalid", "This link is used, revoked or too old; ask for another.")
    case .logInFirst: .conflict("log_in_first", "There is an account with this address: log in, then accept.")
    case .invitationForAnother: Problem(403, "invitation_for_another", "The invitation is for another address.")
    case .alreadyMember: .conflict("already_member", "This person belongs to the organization already.")
    case .notAllowed(let sentence): Problem(403, "not_allowed", sentence)
    case .lastOwner: .conflict("last_owner", "An organization keeps at least one owner; make another one first.")
    case .notFound: .notFound
    case .mailNotConfigured:
      .conflict("mail_not_configured", "This installation sends no mail; its operator can set --smtp-url.")
    }
  }
}
