<?php
/* Usage: php install.php ask | install   (environment: HTTP_HOST, WORDPRESS_CONFIG; install: the password on standard input)
 * ask: exit 0 when the site's tables are there, 3 when not. install: makes them, and the first account. */
declare(strict_types=1);

$verb = $argv[1] ?? '';
if (PHP_SAPI !== 'cli' || !in_array($verb, ['ask', 'install'], true)) {
    fwrite(STDERR, "usage: install.php ask | install\n");
    exit(2);
}
define('WP_INSTALLING', true);
/* Nobody is waiting for a mail with an address of the site that may not lead here yet. */
function wp_new_blog_notification($title, $url, $user, $password): void
{
}
require '/usr/share/wordpress/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

if (is_blog_installed()) {
    exit(0);
}
if ($verb === 'ask') {
    exit(3);
}
$site = json_decode((string) file_get_contents('/etc/linode-ha/wordpress/' . getenv('WORDPRESS_CONFIG') . '/site.json'), true);
$password = trim((string) stream_get_contents(STDIN));
if (strlen($password) < 12) {
    fwrite(STDERR, "error: the first account's password is shorter than 12 characters\n");
    exit(1);
}
$made = wp_install($site['title'], $site['adminUser'], $site['adminEmail'], true, '', $password);
if (is_wp_error($made) || !is_blog_installed()) {
    fwrite(STDERR, "error: " . (is_wp_error($made) ? $made->get_error_message() : 'the tables were not made') . "\n");
    exit(1);
}
/* Addresses that say what a page is about; nginx sends whatever is no file to WordPress. */
$GLOBALS['wp_rewrite']->set_permalink_structure('/%year%/%monthnum%/%postname%/');
