<?php
/* Whether this node can serve the site: PHP runs, the database answers, the shared file system can be read. */
define('SHORTINIT', true);
http_response_code(503);
header('Content-Type: text/plain');
header('Cache-Control: no-store');
require '/usr/share/wordpress/wp-load.php';
$shared = @file_get_contents(dirname(WP_CONTENT_DIR) . '/.linode-ha-site');
$tables = $wpdb->get_var("SELECT option_value FROM {$table_prefix}options WHERE option_name = 'siteurl'");
if ($shared === false || !is_string($tables)) {
    echo $shared === false ? "no files\n" : "no database\n";
    exit;
}
http_response_code(200);
echo "ok\n";
