<?php
// One durable write for each request, acknowledged only when it is: a row (?kind=db&n=1) or a line (?kind=file&n=1).
// ?kind=…&list=1 prints all there are, `number node` a line. What goes wrong answers 503 with the reason.
header('Content-Type: text/plain');
$settings = require __DIR__ . '/ack-settings.php';
// One of its own for each process, where several hosts share the folder: who waits for a lock by NFS asks again only after seconds.
$own = ($settings['logs'] ?? '') === 'own' ? '-' . php_uname('n') . '-' . getmypid() : '';
$log = __DIR__ . "/acked$own.log";
try {
  $kind = $_GET['kind'] ?? '';
  $n = (int) ($_GET['n'] ?? 0);
  $list = isset($_GET['list']);
  if ($kind === 'db') {
    $options = [PDO::ATTR_TIMEOUT => 1, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION];
    $options[PDO::ATTR_PERSISTENT] = ($settings['persistent'] ?? '') === 'yes';
    $db = new PDO($settings['dsn'], $settings['user'], $settings['password'], $options);
    if (isset($_GET['make'])) $db->exec('CREATE TABLE IF NOT EXISTS acked (n BIGINT PRIMARY KEY, node VARCHAR(64))');
    $node = (string) $db->query($settings['node'])->fetchColumn();
    if ($list) foreach ($db->query('SELECT n, node FROM acked ORDER BY n') as $row) echo "$row[0] $row[1]\n";
    elseif ($n > 0) $db->prepare('INSERT INTO acked (n, node) VALUES (?, ?)')->execute([$n, $node]);
  } elseif ($kind === 'file') {
    $node = php_uname('n');
    if ($list) {
      foreach (glob(__DIR__ . '/acked*.log') as $each) readfile($each);
    } elseif ($n > 0) {
      $file = fopen($log, 'a') ?: throw new Exception('the log cannot be opened');
      flock($file, LOCK_EX);
      if (fwrite($file, "$n $node\n") === false || !fflush($file) || !fsync($file)) throw new Exception('not durable');
    }
  } else {
    throw new Exception('kind is db or file');
  }
  if (!$list) echo "ok $node\n";
} catch (Throwable $error) {
  http_response_code(503);
  // A message of PDO's could name the account, never the password.
  echo get_class($error), ' ', $error->getCode(), ' ', substr($error->getMessage(), 0, 200), "\n";
}
