<?php
/**
 * Managed by the deployment: transients stay on the node that made them.
 *
 * Two database servers that both write stop replicating when both make a row of one name within the same moment. WordPress does just that
 * with transients: each node makes them when it needs them. They may be lost at any time by definition, so each node keeps its own, in its
 * memory. Everything else is cached for a request only, as without this file: what one node changes, the other sees.
 */
require_once ABSPATH . WPINC . '/class-wp-object-cache.php';

class HA_Object_Cache extends WP_Object_Cache
{
    private const OWN = ['transient', 'site-transient'];

    private static function own($group): bool
    {
        return in_array($group, self::OWN, true) && function_exists('apcu_enabled') && apcu_enabled();
    }

    private function name($key, string $group): string
    {
        return 'wp:' . ABSPATH . ':' . DB_NAME . ':' . $GLOBALS['table_prefix'] . ":$group:$key";
    }

    public function get($key, $group = 'default', $force = false, &$found = null)
    {
        if (!self::own($group)) {
            return parent::get($key, $group, $force, $found);
        }
        $value = apcu_fetch($this->name($key, $group), $found);
        return $found ? $value : false;
    }

    public function set($key, $data, $group = 'default', $expire = 0)
    {
        if (!self::own($group)) {
            return parent::set($key, $data, $group, $expire);
        }
        return apcu_store($this->name($key, $group), $data, max(0, (int) $expire));
    }

    public function add($key, $data, $group = 'default', $expire = 0)
    {
        if (!self::own($group)) {
            return parent::add($key, $data, $group, $expire);
        }
        return apcu_add($this->name($key, $group), $data, max(0, (int) $expire));
    }

    public function replace($key, $data, $group = 'default', $expire = 0)
    {
        if (!self::own($group)) {
            return parent::replace($key, $data, $group, $expire);
        }
        return apcu_exists($this->name($key, $group)) && $this->set($key, $data, $group, $expire);
    }

    public function delete($key, $group = 'default', $deprecated = false)
    {
        if (!self::own($group)) {
            return parent::delete($key, $group, $deprecated);
        }
        return apcu_delete($this->name($key, $group));
    }
}

function wp_cache_init(): void
{
    $GLOBALS['wp_object_cache'] = new HA_Object_Cache();
}

function wp_cache_add($key, $data, $group = '', $expire = 0)
{
    return $GLOBALS['wp_object_cache']->add($key, $data, $group ?: 'default', (int) $expire);
}

function wp_cache_replace($key, $data, $group = '', $expire = 0)
{
    return $GLOBALS['wp_object_cache']->replace($key, $data, $group ?: 'default', (int) $expire);
}

function wp_cache_set($key, $data, $group = '', $expire = 0)
{
    return $GLOBALS['wp_object_cache']->set($key, $data, $group ?: 'default', (int) $expire);
}

function wp_cache_get($key, $group = '', $force = false, &$found = null)
{
    return $GLOBALS['wp_object_cache']->get($key, $group ?: 'default', $force, $found);
}

function wp_cache_delete($key, $group = '')
{
    return $GLOBALS['wp_object_cache']->delete($key, $group ?: 'default');
}

function wp_cache_incr($key, $offset = 1, $group = '')
{
    return $GLOBALS['wp_object_cache']->incr($key, $offset, $group ?: 'default');
}

function wp_cache_decr($key, $offset = 1, $group = '')
{
    return $GLOBALS['wp_object_cache']->decr($key, $offset, $group ?: 'default');
}

function wp_cache_flush()
{
    return $GLOBALS['wp_object_cache']->flush();
}

function wp_cache_close()
{
    return true;
}

function wp_cache_add_global_groups($groups): void
{
    $GLOBALS['wp_object_cache']->add_global_groups($groups);
}

function wp_cache_add_non_persistent_groups($groups): void
{
}

function wp_cache_switch_to_blog($blog_id): void
{
    $GLOBALS['wp_object_cache']->switch_to_blog($blog_id);
}
