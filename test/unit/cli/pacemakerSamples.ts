import { answer, PRIMARY, RESOURCES, SECONDARY } from "./samples";

interface Cluster {
  readonly on?: string;
  readonly betaStandby?: boolean;
  readonly betaOnline?: boolean;
  readonly maintenance?: boolean;
  readonly failed?: boolean;
  readonly fencing?: boolean;
  readonly stickiness?: number;
}

/** What `crm_mon --output-as=xml` of Pacemaker 2.1 prints for one group on one promotable DRBD clone. */
export function crmMon({
  on = "alpha",
  betaStandby = false,
  betaOnline = true,
  maintenance = false,
  failed = false,
  fencing = true,
}: Cluster): string {
  const flags = 'blocked="false" maintenance="false" managed="true" failure_ignored="false"';
  const resource = (id: string, agent: string, bad = false): string =>
    `<resource id="${id}" resource_agent="${agent}" role="${bad ? "Stopped" : "Started"}" active="${!bad}" orphaned="false" failed="${bad}" ${flags} nodes_running_on="${bad ? 0 : 1}">${
      bad ? "" : `<node name="${on}" id="1" cached="true"/>`
    }</resource>`;
  return `<?xml version="1.0"?>
<pacemaker-result api-version="2.25" request="crm_mon --one-shot --inactive --output-as=xml">
  <summary>
    <stack type="corosync" pacemakerd-state="running"/>
    <current_dc present="true" version="2.1.5-a3f44794f94" name="alpha" id="1" with_quorum="true" mixed_version="false"/>
    <nodes_configured number="2"/>
    <cluster_options stonith-enabled="${fencing}" symmetric-cluster="true" no-quorum-policy="stop" maintenance-mode="${maintenance}" stop-all-resources="false"/>
  </summary>
  <nodes>
    <node name="alpha" id="1" online="true" standby="false" standby_onfail="false" maintenance="false" pending="false" unclean="false" shutdown="false" expected_up="true" is_dc="true" resources_running="4" type="member"/>
    <node name="beta" id="2" online="${betaOnline}" standby="${betaStandby}" standby_onfail="false" maintenance="false" pending="false" unclean="${!betaOnline}" shutdown="false" expected_up="true" is_dc="false" resources_running="1" type="member"/>
  </nodes>
  <resources>
    ${fencing ? resource("fence-beta", "stonith:fence_linode") : ""}
    <clone id="drbd-db-clone" multi_state="true" unique="false" managed="true" disabled="false" failed="false" failure_ignored="false">
      <resource id="drbd-db" resource_agent="ocf:linbit:drbd" role="Promoted" active="true" orphaned="false" failed="false" ${flags} nodes_running_on="1"><node name="${on}" id="1" cached="true"/></resource>
    </clone>
    <group id="db" number_resources="2" managed="true" disabled="false">
      ${resource("db-fs-db", "ocf:heartbeat:Filesystem")}
      ${resource("db-ip-db", "ocf:heartbeat:IPaddr2", failed)}
    </group>
  </resources>
  <failures>${failed ? '<failure op_key="db-ip-db_monitor_10000" node="alpha" exitstatus="not running" exitreason="it said &quot;no&quot; &amp; left" exitcode="7"/>' : ""}</failures>
  <fence_history status="0"/>
  <status code="0" message="OK"/>
</pacemaker-result>
`;
}

/** What `cibadmin --query --scope configuration` prints, as far as this project renders it. */
export function cib(stickiness = 91): string {
  return `<configuration>
  <crm_config/>
  <resources>
    <group id="db">
      <meta_attributes id="db-meta_attributes"><nvpair id="a" name="resource-stickiness" value="${stickiness}"/></meta_attributes>
      <primitive id="db-ip-db" class="ocf" provider="heartbeat" type="IPaddr2">
        <instance_attributes id="b"><nvpair id="c" name="ip" value="192.0.2.50"/></instance_attributes>
      </primitive>
    </group>
  </resources>
  <constraints>
    <rsc_location id="db-on-alpha" rsc="db" node="alpha" score="100"/>
    <rsc_location id="db-on-beta" rsc="db" node="beta" score="10"/>
    <rsc_colocation id="db-with-drbd-db" rsc="db" with-rsc="drbd-db-clone" with-rsc-role="Promoted" score="INFINITY"/>
  </constraints>
</configuration>
`;
}

/** A node's answer to the survey in such a cluster. */
export function pacemakerNode(node: string, cluster: Cluster): string {
  return answer({
    drbd: node === (cluster.on ?? "alpha") ? PRIMARY : SECONDARY,
    resources: RESOURCES,
    manager: "pacemaker=active",
    crmMon: crmMon(cluster),
    cib: cib(cluster.stickiness),
  });
}
