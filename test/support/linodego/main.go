// Command linodego drives a Linode API with the vendor's own Go client: list, create, boot, attach, share, delete.
// It takes LINODE_URL and LINODE_TOKEN, and prints a line for each thing that worked.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/linode/linodego"
)

const (
	seconds   = 60
	pollDelay = 50 * time.Millisecond
	region    = "us-east"
)

// step runs one request. Anything wrong ends the program with what it was about.
func step[T any](what string, run func() (T, error)) T {
	value, err := run()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
	fmt.Println("ok:", what)
	return value
}

// do is step for requests that answer nothing.
func do(what string, run func() error) {
	step(what, func() (struct{}, error) { return struct{}{}, run() })
}

func demand(what string, holds bool) {
	do(what, func() error {
		if !holds {
			return errors.New("does not hold")
		}
		return nil
	})
}

// await acts and polls the event that the action causes, as the vendor's provider does.
func await(ctx context.Context, client *linodego.Client, id int, action linodego.EventAction, run func() error) {
	poller := step("watch for "+string(action), func() (*linodego.EventPoller, error) {
		return client.NewEventPoller(ctx, id, linodego.EntityLinode, action)
	})
	do(string(action), run)
	event := step(string(action)+" ends", func() (*linodego.Event, error) { return poller.WaitForFinished(ctx, seconds) })
	demand(string(action)+" finished", event.Status == linodego.EventFinished)
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*seconds*time.Second)
	defer cancel()
	client := linodego.NewClient(nil)
	client.SetBaseURL(os.Getenv("LINODE_URL"))
	client.SetToken(os.Getenv("LINODE_TOKEN"))
	client.SetPollDelay(pollDelay)

	types := step("list types", func() ([]linodego.LinodeType, error) { return client.ListTypes(ctx, nil) })
	demand("types have memory", len(types) > 0 && types[0].Memory > 0)
	step("list regions", func() ([]linodego.Region, error) { return client.ListRegions(ctx, nil) })
	step("list images", func() ([]linodego.Image, error) { return client.ListImages(ctx, nil) })
	step("get kernel", func() (*linodego.LinodeKernel, error) { return client.GetKernel(ctx, "linode/grub2") })
	step("get account", func() (*linodego.Account, error) { return client.GetAccount(ctx) })
	step("get profile", func() (*linodego.Profile, error) { return client.GetProfile(ctx) })

	one := build(ctx, &client, "go-web1")
	two := build(ctx, &client, "go-web2")
	attachAndDetach(ctx, &client, one)
	share(ctx, &client, one, two)
	for _, id := range []int{one, two} {
		await(ctx, &client, id, linodego.ActionLinodeDelete, func() error { return client.DeleteInstance(ctx, id) })
		_, err := client.GetInstance(ctx, id)
		demand("a deleted Linode is not found", linodego.IsNotFound(err))
	}
}

// build makes a Linode of an empty instance, a disk and a config, and boots it.
func build(ctx context.Context, client *linodego.Client, label string) int {
	off := false
	linode := step("create "+label, func() (*linodego.Instance, error) {
		return client.CreateInstance(ctx, linodego.InstanceCreateOptions{
			Region: region, Type: "g6-nanode-1", Label: label, Tags: []string{"go"}, PrivateIP: true, Booted: &off,
		})
	})
	step("offline", func() (*linodego.Instance, error) {
		return client.WaitForInstanceStatus(ctx, linode.ID, linodego.InstanceOffline, seconds)
	})
	disk := step("create disk", func() (*linodego.InstanceDisk, error) {
		return client.CreateInstanceDisk(ctx, linode.ID, linodego.InstanceDiskCreateOptions{
			Label: "boot", Size: 8000, Image: "linode/debian13", RootPass: "correct horse battery",
		})
	})
	step("disk ready", func() (*linodego.InstanceDisk, error) {
		return client.WaitForInstanceDiskStatus(ctx, linode.ID, disk.ID, linodego.DiskReady, seconds)
	})
	config := step("create config", func() (*linodego.InstanceConfig, error) {
		return client.CreateInstanceConfig(ctx, linode.ID, linodego.InstanceConfigCreateOptions{
			Label:   "main",
			Kernel:  "linode/grub2",
			Devices: linodego.InstanceConfigDeviceMap{SDA: &linodego.InstanceConfigDevice{DiskID: disk.ID}},
			Interfaces: []linodego.InstanceConfigInterfaceCreateOptions{
				{Purpose: linodego.InterfacePurposePublic},
				{Purpose: linodego.InterfacePurposeVLAN, Label: "pair", IPAMAddress: "10.0.0.1/24"},
			},
		})
	})
	await(ctx, client, linode.ID, linodego.ActionLinodeBoot, func() error {
		return client.BootInstance(ctx, linode.ID, config.ID)
	})
	step("running", func() (*linodego.Instance, error) {
		return client.WaitForInstanceStatus(ctx, linode.ID, linodego.InstanceRunning, seconds)
	})
	return linode.ID
}

func attachAndDetach(ctx context.Context, client *linodego.Client, linode int) {
	volume := step("create volume", func() (*linodego.Volume, error) {
		return client.CreateVolume(ctx, linodego.VolumeCreateOptions{Label: "go-data", Region: region, Size: 10})
	})
	step("volume active", func() (*linodego.Volume, error) {
		return client.WaitForVolumeStatus(ctx, volume.ID, linodego.VolumeActive, seconds)
	})
	step("attach volume", func() (*linodego.Volume, error) {
		return client.AttachVolume(ctx, volume.ID, &linodego.VolumeAttachOptions{LinodeID: linode})
	})
	step("volume attached", func() (*linodego.Volume, error) {
		return client.WaitForVolumeLinodeID(ctx, volume.ID, &linode, seconds)
	})
	do("detach volume", func() error { return client.DetachVolume(ctx, volume.ID) })
	step("volume detached", func() (*linodego.Volume, error) {
		return client.WaitForVolumeLinodeID(ctx, volume.ID, nil, seconds)
	})
	do("delete volume", func() error { return client.DeleteVolume(ctx, volume.ID) })
}

func share(ctx context.Context, client *linodego.Client, owner, receiver int) {
	address := step("add address", func() (*linodego.InstanceIP, error) {
		return client.AddInstanceIPAddress(ctx, owner, true)
	})
	do("share address", func() error {
		return client.ShareIPAddresses(ctx, linodego.IPAddressesShareOptions{
			IPs: []string{address.Address}, LinodeID: receiver,
		})
	})
	ips := step("addresses of the receiver", func() (*linodego.InstanceIPAddressResponse, error) {
		return client.GetInstanceIPAddresses(ctx, receiver)
	})
	demand("the address is shared", len(ips.IPv4.Shared) == 1 && ips.IPv4.Shared[0].Address == address.Address)
	ipv6 := step("create range", func() (*linodego.IPv6Range, error) {
		return client.CreateIPv6Range(ctx, linodego.IPv6RangeCreateOptions{LinodeID: owner, PrefixLength: 64})
	})
	demand("the range is routed", ipv6.RouteTarget != "")
	step("list VLANs", func() ([]linodego.VLAN, error) { return client.ListVLANs(ctx, nil) })
	firewall := step("create firewall", func() (*linodego.Firewall, error) {
		all := []string{"0.0.0.0/0"}
		return client.CreateFirewall(ctx, linodego.FirewallCreateOptions{
			Label: "go-wall",
			Rules: linodego.FirewallRuleSet{
				Inbound: []linodego.FirewallRule{{
					Action: "ACCEPT", Label: "ssh", Protocol: linodego.TCP, Ports: "22",
					Addresses: linodego.NetworkAddresses{IPv4: &all},
				}},
				InboundPolicy: "DROP", OutboundPolicy: "ACCEPT",
			},
			Devices: linodego.DevicesCreationOptions{Linodes: []int{owner}},
		})
	})
	do("delete firewall", func() error { return client.DeleteFirewall(ctx, firewall.ID) })
}
