import Domain
import Sodium

/// Keeps secrets unreadable at rest; each sealed value is bound to the one cell that it was written for.
public struct Sealer: Sendable {
  /// The cell a value belongs to; a value moved to another cell does not open.
  public struct Place: Hashable, Sendable {
    public let organization: OrganizationID
    public let table: String
    public let column: String
    public let row: String

    public init(organization: OrganizationID, table: String, column: String, row: String) {
      self.organization = organization
      self.table = table
      self.column = column
      self.row = row
    }

    var bytes: [UInt8] { Array("\(organization.raw)/\(table)/\(column)/\(row)".utf8) }
  }

  private let key: [UInt8]

  /// `key` has `SealedBox.keyBytes` bytes.
  public init(key: [UInt8]) { self.key = key }

  public func seal(_ plain: [UInt8], at place: Place) -> [UInt8] {
    SealedBox.seal(plain, place: place.bytes, key: key)
  }

  /// Throws when the value was written for another cell, under another key, or was changed.
  public func open(_ sealed: [UInt8], at place: Place) throws(SodiumError) -> [UInt8] {
    try SealedBox.open(sealed, place: place.bytes, key: key)
  }
}
