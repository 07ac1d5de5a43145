/* SPDX-License-Identifier: ISC */
/* What the network driver agrees on with its device, and what follows from it (VIRTIO 5.1.3, 5.1.4.2, 5.1.6). */
#include "device/log.h"
#include "driver/net_internal.h"

#define NET_FEATURES (VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MTU)
/* What needs no code of its own. */
#define NET_EXTRAS (VIRTIO_NET_F_SPEED_DUPLEX | VIRTIO_F_IN_ORDER)
/* All that we have the code for. */
static uint64_t known_features(const struct virtio_net_options *options)
{
	return NET_FEATURES | NET_EXTRAS | (options->offload ? options->offload->features : 0) |
	       (options->control ? options->control->features : 0);
}

/* What to ask for, and in RULES what that needs: nothing where the runtime named no code for more than plain frames. */
static uint64_t wanted_features(const struct virtio_net_options *options, struct virtio_feature_rule *rules)
{
	uint64_t wanted = NET_FEATURES | options->wanted | options->required;
	rules[0] = (struct virtio_feature_rule){0, 0};
	if (options->offload)
		wanted = options->offload->with_needs(options, wanted, rules);
	else if (options->control)
		wanted = options->control->with_needs(options, wanted, rules);
	return wanted & known_features(options);
}

/* Whether an MTU that the device tells is one to live with. */
static bool mtu_acceptable(const struct virtio_net *net, uint16_t mtu, bool refuse_mtu)
{
	if (mtu < VIRTIO_NET_MIN_MTU) {
		virtio_device_log(net->device, VIRTIO_LOG_WARNING, "its MTU of %u is too small, using %u", mtu,
			VIRTIO_NET_DEFAULT_MTU);
		return false;
	}
	return !refuse_mtu || mtu <= VIRTIO_NET_DEFAULT_MTU;
}

/* To accept MTU is to promise to live with it (5.1.4.2). Adds it to *BAD where its value is out of the question. */
static int look_at_mtu(struct virtio_net *net, const struct virtio_net_options *options, uint64_t *bad)
{
	uint16_t mtu;
	net->mtu = VIRTIO_NET_DEFAULT_MTU;
	if (!virtio_device_has(net->device, VIRTIO_NET_F_MTU))
		return 0;
	int result = virtio_device_config16(net->device, VIRTIO_NET_CONFIG_MTU, &mtu);
	if (result < 0)
		return result;
	if (mtu_acceptable(net, mtu, options->refuse_mtu))
		net->mtu = mtu;
	else
		*bad |= VIRTIO_NET_F_MTU;
	return 0;
}

/* Features that nobody named the code for, but that the runtime cannot do without. */
static int check_required(const struct virtio_net *net, const struct virtio_net_options *options)
{
	uint64_t missing = options->required & ~known_features(options);
	if (!missing)
		return 0;
	virtio_device_log(net->device, VIRTIO_LOG_ERROR,
		"features 0x%llx are required, but not known or not named in options.offload or options.control",
		(unsigned long long)missing);
	return VIRTIO_ERR_UNSUPPORTED;
}

int virtio_net_negotiate(struct virtio_net *net, const struct virtio_net_options *options, uint64_t excluded)
{
	struct virtio_feature_rule rules[NET_RULES_MOST];
	uint64_t wanted = wanted_features(options, rules) & ~excluded;
	int result = check_required(net, options);
	net->max_pairs = 1;
	/* Where a value is out of the question, the device is reset and asked again without its feature. */
	for (uint64_t bad = 1; result == 0 && bad; wanted &= ~bad) {
		bad = 0;
		result = virtio_device_begin(net->device, wanted, options->required, rules);
		if (result == 0)
			result = look_at_mtu(net, options, &bad);
		if (result == 0 && options->control)
			result = options->control->look(net, &bad);
	}
	net->features = net->device->features;
	net->mtu_limit = net->mtu;
	return result;
}

void virtio_net_pair_settle(
	struct virtio_net *net, struct virtio_net_pair *pair, const struct virtio_net_options *options)
{
	const bool version_1 = (net->features & VIRTIO_F_VERSION_1) != 0;
	const uint32_t longest = net->mtu_limit + (uint32_t)VIRTIO_NET_ETHERNET;
	pair->net = net;
	pair->header_size = version_1 ? VIRTIO_NET_HDR_SIZE : VIRTIO_NET_HDR_SIZE_LEGACY;
	pair->own_header = !version_1 && !(net->features & VIRTIO_F_ANY_LAYOUT);
	pair->transmit.longest = longest;
	pair->receive.longest = pair->receive.longest_gso = longest + VIRTIO_NET_VLAN;
	pair->receive.least = VIRTIO_NET_HEADROOM + longest;
	if (options->offload)
		options->offload->settle(pair, options);
}
