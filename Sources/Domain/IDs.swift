/// The integer key of a row; `Entity` keeps keys of different tables apart.
public struct Key<Entity>: Hashable, Comparable, Sendable {
  public let raw: Int64

  public init(_ raw: Int64) { self.raw = raw }

  public static func < (a: Key, b: Key) -> Bool { a.raw < b.raw }
}

/// What may carry a public id: the prefix that names its type.
public protocol PubliclyNamed { static var prefix: String { get } }

public enum OrganizationTag: PubliclyNamed { public static let prefix = "org" }
public enum AccountTag: PubliclyNamed { public static let prefix = "usr" }
public enum SessionTag: PubliclyNamed { public static let prefix = "ses" }
public enum APIKeyTag: PubliclyNamed { public static let prefix = "key" }
public enum InvitationTag: PubliclyNamed { public static let prefix = "inv" }
public enum MonitorTag: PubliclyNamed { public static let prefix = "mon" }
public enum RegionTag: PubliclyNamed { public static let prefix = "reg" }
public enum WorkerTag: PubliclyNamed { public static let prefix = "wrk" }
public enum RegionTokenTag: PubliclyNamed { public static let prefix = "rtk" }
public enum RunTag: PubliclyNamed { public static let prefix = "run" }
public enum ServiceTag: PubliclyNamed { public static let prefix = "svc" }
public enum IncidentTag: PubliclyNamed { public static let prefix = "inc" }
public enum IncidentUpdateTag: PubliclyNamed { public static let prefix = "upd" }
public enum MaintenanceTag: PubliclyNamed { public static let prefix = "mnt" }
public enum StatusPageTag: PubliclyNamed { public static let prefix = "pag" }
public enum ChannelTag: PubliclyNamed { public static let prefix = "chn" }
public enum NotificationTag: PubliclyNamed { public static let prefix = "ntf" }
public enum AuditTag: PubliclyNamed { public static let prefix = "aud" }

public typealias OrganizationID = Key<OrganizationTag>
public typealias AccountID = Key<AccountTag>
public typealias SessionID = Key<SessionTag>
public typealias APIKeyID = Key<APIKeyTag>
public typealias InvitationID = Key<InvitationTag>
public typealias MonitorID = Key<MonitorTag>
public typealias RegionID = Key<RegionTag>
public typealias WorkerID = Key<WorkerTag>
public typealias ServiceID = Key<ServiceTag>
public typealias IncidentID = Key<IncidentTag>
public typealias StatusPageID = Key<StatusPageTag>
public typealias ChannelID = Key<ChannelTag>
public typealias NotificationID = Key<NotificationTag>

/// The id that leaves the process: a type prefix and base32 of 128 random bits, `mon_4q…` (26 digits).
public struct PublicID<Entity: PubliclyNamed>: Hashable, Sendable, CustomStringConvertible {
  public let text: String

  /// Checks shape only: prefix, length, alphabet.
  public init?(_ text: String) {
    let digits = text.utf8.dropFirst(Entity.prefix.utf8.count + 1)
    guard text.hasPrefix(Entity.prefix + "_"), digits.count == Base32.digits128,
      digits.allSatisfy({ Base32.alphabet.contains($0) })
    else { return nil }
    self.text = text
  }

  /// From 16 random bytes.
  public init(random bytes: [UInt8]) {
    text = Entity.prefix + "_" + Base32.encode(bytes)
  }

  /// From a row that this process wrote.
  public init(stored text: String) { self.text = text }

  public var description: String { text }
}

/// Lower-case base32 without padding, digits first (Crockford's alphabet: no i, l, o, u).
public enum Base32 {
  static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
  static let digits128 = 26

  public static func encode(_ bytes: [UInt8]) -> String {
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count * 8 + 4) / 5)
    var buffer: UInt32 = 0
    var bits: UInt32 = 0
    for byte in bytes {
      buffer = buffer << 8 | UInt32(byte)
      bits += 8
      while bits >= 5 {
        bits -= 5
        out.append(alphabet[Int(buffer >> bits & 31)])
      }
    }
    if bits > 0 { out.append(alphabet[Int(buffer << (5 - bits) & 31)]) }
    return String(decoding: out, as: UTF8.self)
  }
}
