<?php
// Writes a row and a line, both durably, and says so; or lists what is there. What follows from a deployment is in settings.php beside it.
header("Content-Type: text/plain");
header("Cache-Control: no-store");
$settings = require __DIR__ . "/settings.php";
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
try {
    $db = mysqli_init();
    $db->options(MYSQLI_OPT_CONNECT_TIMEOUT, 2);
    $db->real_connect($settings["host"], $settings["user"], $settings["password"], $settings["database"]);
    $log = $settings["log"];
    if (isset($_GET["list"])) {
        $rows = array_map("intval", array_column($db->query("SELECT n FROM acks ORDER BY n")->fetch_all(), 0));
        $lines = array_map("intval", file_exists($log) ? file($log, FILE_IGNORE_NEW_LINES) : []);
        echo json_encode(["rows" => $rows, "lines" => $lines]), "\n";
        exit();
    }
    $n = (int) $_GET["n"];
    $file = fopen($log, "a");
    if (!flock($file, LOCK_EX) || !fwrite($file, "$n\n") || !fflush($file) || !fsync($file)) {
        throw new RuntimeException("the line was not written");
    }
    fclose($file);
    $db->query("INSERT INTO acks (n) VALUES ($n)");
    echo "ack $n ", php_uname("n"), "\n";
} catch (Throwable $error) {
    http_response_code(503);
    echo get_class($error), ": ", $error->getMessage(), "\n";
}
