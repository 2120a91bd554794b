/// Why the gate stays shut; each surface maps it to its own answer.
public enum AccessError: Error, Hashable, Sendable {
  public struct Field: Hashable, Sendable {
    public let name: String
    public let detail: String
  }

  /// Input that breaks a rule.
  case invalid([Field])
  /// The installation takes invited people only.
  case signUpClosed
  /// The link of the first start is wrong, used, or from an earlier start.
  case setupTokenWrong
  case emailTaken
  /// Unknown address or wrong password: the caller cannot tell which.
  case credentialsWrong
  /// The person is in no organization any more.
  case noOrganization
  case tooManyAttempts(retryAfterS: Int)
  /// A link that is unknown, used, revoked or expired.
  case linkInvalid
  /// The invitation is for somebody who has an account: log in first, then open the link again.
  case logInFirst
  case invitationForAnother
  case alreadyMember
  case notAllowed(String)
  case lastOwner
  case notFound
  case mailNotConfigured

  static func invalid(_ name: String, _ detail: String) -> AccessError { .invalid([Field(name: name, detail: detail)]) }
}
