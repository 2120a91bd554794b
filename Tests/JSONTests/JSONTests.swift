import JSON
import Testing

@Test(
  "a text survives parsing and printing",
  arguments: [
    "null", "true", "[]", "{}", "[1,-2,3.5]", "{\"a\":{\"b\":[\"\\u00e9\",null]}}", "\"\\\"\\\\\\n\"", "-0.5",
    "9223372036854775807",
  ])
func roundTrip(_ text: String) throws {
  let value = try JSON(parsing: text)
  #expect(try JSON(parsing: value.text) == value)
}

@Test(
  "what is not JSON is refused",
  arguments: [
    "", " ", "nul", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "01", "1.", ".5", "+1", "NaN", "1e999", "\"\\ud800\"",
    "\"\\x\"",
    "\"\u{01}\"", "[1]x", "{a:1}", "'a'", "\"\\ud800\\u0041\"", "-", "1e", "[", "{\"a\"", "\u{FEFF}1",
  ])
func refused(_ text: String) {
  #expect(throws: JSONError.self) { try JSON(parsing: text) }
}

@Test("invalid UTF-8 is refused")
func invalidUTF8() {
  #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xC3, 0x28, 0x22]) }
}

@Test("nesting has a bound, and deep text does not crash")
func depth() throws {
  let deep = String(repeating: "[", count: 100_000)
  #expect(throws: JSONError.self) { try JSON(parsing: deep) }
  let fits = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
  _ = try JSON(parsing: fits)
}

@Test("an error names its line and column")
func position() {
  let error = #expect(throws: JSONError.self) { try JSON(parsing: "{\n  \"a\": 1,\n  \"a\": 2}") }
  #expect(error?.line == 3)
  #expect(error?.column == 3)
}

@Test("text that could end a script element is escaped")
func html() {
  #expect(JSON.string("</script>&\u{2028}").text == "\"\\u003c/script>\\u0026\\u2028\"")
}

@Test("surrogate pairs become one character")
func surrogates() throws {
  #expect(try JSON(parsing: "\"\\ud83d\\ude00\"") == .string("😀"))
}

@Test("big whole numbers keep their value as doubles, integers as integers")
func numbers() throws {
  #expect(try JSON(parsing: "12345678901234567890") == .double(12345678901234567168))
  #expect(try JSON(parsing: "5.0").int == 5)
  #expect(try JSON(parsing: "5.5").int == nil)
}
