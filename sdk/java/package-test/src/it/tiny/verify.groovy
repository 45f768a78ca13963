// The program ran to its end, with the packages that were installed.
String log = new File(basedir, "build.log").text
assert log.contains("scheme registry")
assert log.contains("client paste.registry")
assert log.contains("said orders is not known yet")
