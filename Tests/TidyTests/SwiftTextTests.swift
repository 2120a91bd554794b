import Testing

@Test(
  "comments and literals are blanked, interpolated code stays",
  arguments: [
    ("a // try!\nb", "a        \nb"),
    ("a /* x /* y */ z */ b", "a                   b"),
    (#"f("print(", g)"#, #"f("      ", g)"#),
    (#""a\(f("b"))c""#, #"" \(f(" ")) ""#),
    (##"#"a\(b)"# + c"##, ##"#"     "# + c"##),
    ("\"\"\"\n try! \"x\"\n\"\"\" + d", "\"\"\"\n         \n\"\"\" + d"),
    (#""\"" + try"#, #""  " + try"#),
  ])
func blanked(_ text: String, _ expected: String) {
  #expect(SwiftText(text).text == expected)
}

@Test("functions are found with the length of their bodies, declarations without one are not")
func functionLengths() {
  let code = SwiftText(
    """
    protocol P {
      func a(_ x: Int) -> Int
      func b()
    }
    struct S {
      init(
        x: Int
      ) {
        let y = { 1 }
        use(y)
      }
      func c<T>(_ f: () -> T) throws -> T where T: P { try f() }
      let function = { (x: Int) in
        x
      }
      func d() {
        func e() {
        }
      }
    }
    """)
  #expect(code.functions().map(\.length) == [3, 0, 3, 1])
  #expect(code.functions().map(\.line) == [6, 12, 16, 17])
}
