/// Workers of no region, which look in place of regions that have none.
public enum StandIn {
  /// What stands where a region's name does; no region can be called so.
  public static let name = "*"
}
