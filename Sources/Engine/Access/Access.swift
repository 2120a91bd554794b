import Domain
import SQLite
import Sodium
@_spi(Minting) import Store
import Synchronization

/// The gate: who may sign up, who is logged in, who belongs where. The only place that mints scopes and principals for people.
public final class Access: Sendable {
  public enum SignUp: String, Sendable, CaseIterable { case open, invite }

  public struct Configuration: Sendable {
    /// Who may make an account once the first one exists.
    public var signUp = SignUp.invite
    /// A session that nobody used for so long is over.
    public var sessionIdleMs = 14 * Instant.dayMs
    /// A session ends so long after its login, used or not.
    public var sessionMs = 60 * Instant.dayMs
    public var sessionsPerAccountMax = 50
    public var invitationMs = 7 * Instant.dayMs
    public var resetMs = Instant.hourMs
    public var apiKeysPerOrganizationMax = 200
    public var passwordCost = Password.Cost.standard

    public init() {}
  }

  /// A message that a person must get by mail; whoever sends it builds the link around the token.
  public enum Mail: Hashable, Sendable {
    case passwordReset(to: String, name: String, token: String)
    case invitation(to: String, organization: String, invitedBy: String, token: String)
  }

  /// Where a request comes from, for the session list, the limits and the audit log.
  public struct Client: Hashable, Sendable {
    /// Numeric.
    public let address: String
    public let userAgent: String

    public init(address: String, userAgent: String) {
      self.address = address
      self.userAgent = String(
        userAgent.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(300).map(Character.init))
    }
  }

  /// A session that has just begun or moved: its token leaves the process here, once.
  public struct NewSession: Hashable, Sendable {
    public let token: String
    public let expires: Instant
    public let person: SignedIn
  }

  let store: Store
  let configuration: Configuration
  let passwords: PasswordThreads
  let sendMail: (@Sendable (Mail) async throws -> Void)?
  let report: @Sendable (_ event: String, _ error: any Error) -> Void
  private let limits: Mutex<Limits>

  fileprivate struct Limits {
    var loginsByAddress = AttemptLimiter(.init(burst: 30, refillMs: 10_000))
    var loginsByAccount = AttemptLimiter(.init(burst: 10, refillMs: 30_000))
    var signUpsByAddress = AttemptLimiter(.init(burst: 10, refillMs: 60_000))
    var resetsByAddress = AttemptLimiter(.init(burst: 10, refillMs: 60_000))
    var resetsByAccount = AttemptLimiter(.init(burst: 3, refillMs: 20 * Instant.minuteMs))
  }

  /// Which attempts are counted, and by what.
  enum Attempt: Sendable {
    case loginFrom(String), loginTo(String), signUpFrom(String), resetFrom(String), resetOf(String)
  }

  /// `sendMail` is absent where no SMTP server is set; `report` hears of what fails after the answer is out.
  public init(
    store: Store, configuration: Configuration = Configuration(),
    sendMail: (@Sendable (Mail) async throws -> Void)? = nil,
    report: @escaping @Sendable (_ event: String, _ error: any Error) -> Void = { _, _ in }
  ) {
    self.store = store
    self.configuration = configuration
    self.sendMail = sendMail
    self.report = report
    passwords = PasswordThreads(cost: configuration.passwordCost)
    limits = Mutex(Limits())
  }

  public var sendsMail: Bool { sendMail != nil }
  public var signUpMode: SignUp { configuration.signUp }
  var world: World { store.world }

  /// Throws `tooManyAttempts` when one of `attempts` has used up its share; takes one of each otherwise.
  func count(_ attempts: Attempt...) throws(AccessError) {
    let now = world.now()
    let wait: Int? = limits.withLock { limits in
      for attempt in attempts {
        if let wait = limits[attempt].take(Self.key(attempt), now: now) { return wait }
      }
      return nil
    }
    if let wait { throw .tooManyAttempts(retryAfterS: wait) }
  }

  func giveBack(_ attempt: Attempt) {
    let now = world.now()
    limits.withLock { $0[attempt].giveBack(Self.key(attempt), now: now) }
  }

  private static func key(_ attempt: Attempt) -> String {
    switch attempt {
    case .loginTo(let account), .resetOf(let account): account
    case .loginFrom(let address), .signUpFrom(let address), .resetFrom(let address): network(address)
    }
  }

  /// IPv6 is handed out by /64: one household is one key.
  private static func network(_ address: String) -> String {
    guard address.contains(":"), !address.contains(".") else { return address }
    let halves = address.split(separator: ":", omittingEmptySubsequences: false)
    let head = halves.prefix { !$0.isEmpty }.prefix(4)
    return head.joined(separator: ":") + "::/64"
  }

  // MARK: Passwords, off every loop

  func hash(_ password: String) async throws -> String {
    do { return try await passwords.hash(password) } catch is PasswordThreads.Busy {
      throw AccessError.tooManyAttempts(retryAfterS: 2)
    }
  }

  func verify(_ password: String, against hash: String) async throws -> Bool {
    do { return try await passwords.verify(password, against: hash) } catch is PasswordThreads.Busy {
      throw AccessError.tooManyAttempts(retryAfterS: 2)
    }
  }

  // MARK: Minting

  static func scope(_ organization: OrganizationID) -> TenantScope { TenantScope(minting: organization) }

  static func principal(_ account: AccountRow, _ client: Client) -> Principal {
    Principal(minting: .account, publicID: account.id.text, name: account.name, address: client.address)
  }
}

extension Access.Limits {
  fileprivate subscript(attempt: Access.Attempt) -> AttemptLimiter {
    get {
      switch attempt {
      case .loginFrom: loginsByAddress
      case .loginTo: loginsByAccount
      case .signUpFrom: signUpsByAddress
      case .resetFrom: resetsByAddress
      case .resetOf: resetsByAccount
      }
    }
    set {
      switch attempt {
      case .loginFrom: loginsByAddress = newValue
      case .loginTo: loginsByAccount = newValue
      case .signUpFrom: signUpsByAddress = newValue
      case .resetFrom: resetsByAddress = newValue
      case .resetOf: resetsByAccount = newValue
      }
    }
  }
}
